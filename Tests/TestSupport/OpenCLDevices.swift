import GPUTensor
import Kernels

/// The OpenCL devices of this machine. Suites that need one are skipped, saying so, where there is none.
package enum OpenCLDevices {
  /// Every device that the loader names; empty where it refuses, which `DeviceTests` reports.
  package static let all: [Device] = (try? Device.all()) ?? []

  /// Whether there is one.
  package static var arePresent: Bool { !all.isEmpty }

  /// How a device can multiply bf16, as children of `accrete` find out.
  package static func bf16Methods(_ device: Device) -> [BF16Method] { methods[device.name] ?? [.rounding] }

  private static let methods: [String: [BF16Method]] = Dictionary(
    all.map { ($0.name, BF16Probe.methods(on: $0, executable: TestData.accrete, command: "probe-bf16")) }
  ) { first, _ in first }

  /// Why a suite that needs one is skipped.
  package static let absence = "no OpenCL device: install a driver (on Debian: pocl-opencl-icd)"
}
