import GPUTensor
import Kernels

/// An executor that a test can make: the CPU fallback, or an OpenCL device of this machine.
package enum ExecutorChoice: Sendable, CustomStringConvertible {
  case fallback
  case device(Device)

  /// The fallback, which is everywhere, and each OpenCL device.
  package static let all: [ExecutorChoice] = [.fallback] + OpenCLDevices.all.map(ExecutorChoice.device)

  package func make(isolated: Bool = false) throws(OpenCLError) -> any Executor {
    switch self {
    case .fallback: CPUExecutor<Float>()
    case .device(let device): try OpenCLExecutor(device: device, isolated: isolated)
    }
  }

  package var description: String {
    switch self {
    case .fallback: "CPU fallback"
    case .device(let device): device.name
    }
  }
}
