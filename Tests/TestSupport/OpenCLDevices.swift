import GPUTensor
import Kernels

/// The OpenCL devices of this machine. Suites that need a device are skipped, with a message, where there is none.
package enum OpenCLDevices {
  /// Every device that the loader names; empty where the loader fails, which `DeviceTests` reports.
  package static let all: [Device] = (try? Device.all()) ?? []

  /// True where there is a device.
  package static var arePresent: Bool { !all.isEmpty }

  /// The device's methods of multiplying bf16, as children of `accrete` find them.
  package static func bf16Methods(_ device: Device) -> [BF16Method] { methods[device.name] ?? [.rounding] }

  private static let methods: [String: [BF16Method]] = Dictionary(
    all.map { ($0.name, BF16Probe.methods(on: $0, executable: TestData.accrete, command: "probe-bf16")) }
  ) { first, _ in first }

  /// The message of suites that are skipped without a device.
  package static let absence = "no OpenCL device: install a driver (on Debian: pocl-opencl-icd)"
}
