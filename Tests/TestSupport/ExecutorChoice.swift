import GPUTensor
import Kernels

/// An executor that a test can make: the CPU fallback, or an OpenCL device of this machine.
package enum ExecutorChoice: Sendable, CustomStringConvertible {
  case fallback
  case device(Device)
  /// A device with the kernels of a GPU: groups of several work-items, and the GPU families.
  case deviceAsGPU(Device)

  /// The fallback, which every machine has, and each OpenCL device.
  package static let all: [ExecutorChoice] = [.fallback] + OpenCLDevices.all.map(ExecutorChoice.device)

  /// - Parameters:
  ///   - isolated: gives each tensor a buffer of its own.
  ///   - operands: the type that operands of matrix products are rounded to; bf16 by the device's fastest method.
  ///   - largestBuffer: most bytes of one allocation; nil: the device's own limit.
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
