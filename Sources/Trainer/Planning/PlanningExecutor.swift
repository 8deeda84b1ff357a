import GPUTensor
import Kernels

/// An executor that makes plans and allocates nothing, for a device of these traits.
final class PlanningExecutor: Executor {
  let deviceName = "a plan"
  let traits: KernelTraits?
  var operands: OperandType { traits?.operands ?? .float32 }
  let largestBuffer: Int
  let memoryBytes = Int.max
  let isolatesTensors = false
  let ledger = TransferLedger()
  let peakAllocatedBytes = 0

  /// - Parameters:
  ///   - traits: nil for the CPU fallback.
  ///   - largestBuffer: the most bytes that one allocation may have.
  init(traits: KernelTraits?, largestBuffer: Int) {
    self.traits = traits
    self.largestBuffer = largestBuffer
  }

  func allocate(_ slabs: [Slab]) {}
  func prepare(_ plans: [Plan]) {}
  func write(_ data: HostData, to variable: Variable, at offset: Int) {}
  func write(_ floats: UnsafeBufferPointer<Float>, to variable: Variable, at offset: Int) {}
  func write(stored bytes: UnsafeRawBufferPointer, to variable: Variable) {}
  func zero(_ slab: Slab) {}
  func finish() {}

  func run(_ plan: Plan, _ arguments: ReplayArguments) { preconditionFailure("a plan is not run") }
  func copy(from source: Slab, to target: Slab) { preconditionFailure("a plan holds nothing") }
  func read(_ variable: Variable, at offset: Int, into floats: UnsafeMutableBufferPointer<Float>) {
    preconditionFailure("a plan holds nothing")
  }
  func read(_ tensor: Tensor, of plan: Plan, counts: RowCounts) -> [Float] {
    preconditionFailure("a plan holds nothing")
  }
}
