import Foundation

/// What `--device`, the recipe or `ACCRETE_DEVICE` asked for.
package enum DeviceSelection: Sendable, Equatable {
  /// GPUs first, then accelerators, then OpenCL CPU devices; the CPU fallback where there is none.
  case auto
  /// The CPU fallback, without OpenCL.
  case cpu
  /// The n-th device of `accrete devices`.
  case index(Int)
  /// The first device whose name or platform contains the text, whatever its case.
  case name(String)

  package init(_ text: String) {
    switch text.lowercased() {
    case "auto", "": self = .auto
    case "cpu": self = .cpu
    default: self = Int(text).map(Self.index) ?? .name(text)
    }
  }

  /// The option wins over the recipe, the recipe over `ACCRETE_DEVICE`, that over auto.
  package static func resolve(option: String?, recipe: String? = nil) -> DeviceSelection {
    let named = recipe == "auto" ? nil : recipe
    return DeviceSelection(option ?? named ?? ProcessInfo.processInfo.environment["ACCRETE_DEVICE"] ?? "auto")
  }

  /// The device to use, or nil for the CPU fallback.
  ///
  /// - Throws: `DeviceError` of kind `noSuchDevice`, which lists the devices that are there.
  package func device() throws(DeviceError) -> Device? { try candidates().first }

  /// The devices to use, the best first: one that was named, or all under auto; none for the CPU fallback.
  ///
  /// - Throws: as `device()`.
  package func candidates() throws(DeviceError) -> [Device] {
    if self == .cpu { return [] }
    let devices = try Device.all()
    switch self {
    case .cpu:
      return []
    case .auto:
      let order: [Device.Kind] = [.gpu, .accelerator, .cpu]
      return order.flatMap { kind in devices.filter { $0.kind == kind } }
    case .index(let index):
      if devices.indices.contains(index) { return [devices[index]] }
      throw missing("no device \(index)", among: devices)
    case .name(let text):
      let match = devices.first {
        "\($0.platform) \($0.vendor) \($0.name)".range(of: text, options: .caseInsensitive) != nil
      }
      if let match { return [match] }
      throw missing("no device whose name contains \"\(text)\"", among: devices)
    }
  }

  private func missing(_ what: String, among devices: [Device]) -> DeviceError {
    let list = devices.map { "\($0.index) \($0.name)" }.joined(separator: ", ")
    let known = devices.isEmpty ? "no OpenCL device was found" : "found: \(list)"
    return DeviceError(
      kind: .noSuchDevice, call: "choose a device", detail: "\(what); \(known)",
      remedy: devices.isEmpty
        ? "install an OpenCL driver (on Debian: pocl-opencl-icd), or use --device cpu"
        : "choose auto, cpu, an index or a part of a name")
  }
}
