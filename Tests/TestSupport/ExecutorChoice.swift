import GPUTensor
import Kernels

/// An executor that a test can make: the CPU fallback, or an OpenCL device of this machine.
package enum ExecutorChoice: Sendable, CustomStringConvertible {
  case fallback
  case device(Device)
  /// A device that runs what a GPU would: groups of several work-items, and the families for GPUs.
  case deviceAsGPU(Device)

  /// The fallback, which is everywhere, and each OpenCL device.
  package static let all: [ExecutorChoice] = [.fallback] + OpenCLDevices.all.map(ExecutorChoice.device)

  /// - Parameters:
  ///   - isolated: a buffer of its own for each tensor.
  ///   - operands: what matrix products multiply; bf16 in the fastest way that the device has.
  ///   - largestBuffer: the most bytes that one allocation of a device may have; nil: what it allows.
  package func make(
    isolated: Bool = false, operands: OperandType = .float32, largestBuffer: Int? = nil
  ) throws(DeviceError) -> any Executor {
    switch self {
    case .fallback: return CPUExecutor<Float>(operands: operands)
    case .device(let device):
      var traits = KernelTraits.probed(device)
      traits.operands = operands
      if operands == .bfloat16 { traits.bf16Method = .fastest(of: OpenCLDevices.bf16Methods(device), on: device) }
      return try OpenCLExecutor(device: device, traits: traits, largestBuffer: largestBuffer, isolated: isolated)
    case .deviceAsGPU(let device):
      var traits = KernelTraits.probed(device, as: .gpu)
      traits.operands = operands
      return try OpenCLExecutor(device: device, traits: traits, largestBuffer: largestBuffer, isolated: isolated)
    }
  }

  package var description: String {
    switch self {
    case .fallback: "CPU fallback"
    case .device(let device): device.name
    case .deviceAsGPU(let device): device.name + ", as a GPU"
    }
  }
}
