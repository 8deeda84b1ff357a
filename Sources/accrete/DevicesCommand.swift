import ArgumentParser
import Kernels

/// Every platform and device that the OpenCL loader finds.
struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices", abstract: "List every OpenCL platform and device.")

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  private struct Listing: Encodable {
    struct Entry: Encodable {
      let index: Int
      let name: String
      let vendor: String
      let kind: String
      let platform: String
      let driver: String
      let version: String
      let computeUnits: Int
      let clockMegahertz: Int
      let globalMemoryBytes: Int
      let largestAllocationBytes: Int
      let localMemoryBytes: Int
      let chosen: Bool
      /// The reason of the device's failure in a kept check; nil where none is known.
      let refused: String?
    }

    let devices: [Entry]
  }

  func run() throws {
    let chosen = try device.likelyDevice()
    let entries = try Device.all().map { device in
      Listing.Entry(
        index: device.index, name: device.name, vendor: device.vendor, kind: device.kind.rawValue,
        platform: device.platform, driver: device.driverVersion, version: device.openCLVersion,
        computeUnits: device.computeUnits, clockMegahertz: device.clockMegahertz,
        globalMemoryBytes: device.globalMemoryBytes, largestAllocationBytes: device.largestAllocationBytes,
        localMemoryBytes: device.localMemoryBytes, chosen: device.index == chosen?.index,
        refused: DeviceTrust.knownRefusal(of: device)?.reason)
    }
    if json { return try Console.result(json: Listing(devices: entries)) }
    for entry in entries {
      let memory = Double(entry.globalMemoryBytes) / 1_073_741_824
      try Console.result(
        "\(entry.chosen ? "*" : " ") \(entry.index)  \(entry.name)  [\(entry.kind), \(entry.platform), "
          + "driver \(entry.driver), \(entry.computeUnits) units, \((memory * 10).rounded() / 10) GiB]"
          + (entry.refused.map { "  refused: \($0)" } ?? ""))
    }
    try Console.result(
      chosen == nil
        ? "* cpu  the CPU fallback, without OpenCL\(entries.isEmpty ? " (no OpenCL device was found)" : "")"
        : "  cpu  the CPU fallback, without OpenCL")
  }
}
