import Foundation

/// A choice of device, as it is written by its user or in `ACCRETE_DEVICE`.
package enum DeviceSelection: Sendable, Equatable {
  /// GPUs first, then accelerators, then OpenCL CPU devices; the CPU fallback where there is no device.
  case auto
  /// The CPU fallback, without OpenCL.
  case cpu
  /// The device at an index of `Device.all()`.
  case index(Int)
  /// The first device whose platform, vendor or name contains the text, case ignored.
  case name(String)

  package init(_ text: String) {
    switch text.lowercased() {
    case "auto", "": self = .auto
    case "cpu": self = .cpu
    default: self = Int(text).map(Self.index) ?? .name(text)
    }
  }

  /// The choice that wins: `text`, else `fallback` unless it says auto, else `ACCRETE_DEVICE`, else auto.
  package static func resolve(_ text: String?, else fallback: String? = nil) -> DeviceSelection {
    let named = fallback == "auto" ? nil : fallback
    return DeviceSelection(text ?? named ?? ProcessInfo.processInfo.environment["ACCRETE_DEVICE"] ?? "auto")
  }

  /// The device to use, or nil for the CPU fallback.
  ///
  /// - Throws: `DeviceError` of kind `noSuchDevice`, which lists the devices that are there.
  package func device() throws(DeviceError) -> Device? { try candidates().first }

  /// The devices to use, best first: all under auto, else the one chosen; empty for the CPU fallback.
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
        ? "install an OpenCL driver (on Debian: pocl-opencl-icd), or choose cpu"
        : "choose auto, cpu, an index or a part of a name")
  }
}
