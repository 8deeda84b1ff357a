import Kernels

/// The OpenCL devices of this machine. Suites that need one are skipped, saying so, where there is none.
package enum OpenCLDevices {
  /// Every device that the loader names; empty where it refuses, which `DeviceTests` reports.
  package static let all: [Device] = (try? Device.all()) ?? []

  /// Whether there is one.
  package static var arePresent: Bool { !all.isEmpty }

  /// Whether a device multiplies bf16 by the processor's own instruction, as a child of `accrete` finds out.
  package static func multiplyBF16(_ device: Device) -> Bool {
    native[device.name] ?? false
  }

  private static let native: [String: Bool] = Dictionary(
    all.map { ($0.name, BF16Probe.passes(on: $0, executable: TestData.accrete)) }
  ) { first, _ in first }

  /// Why a suite that needs one is skipped.
  package static let absence = "no OpenCL device: install a driver (on Debian: pocl-opencl-icd)"
}
