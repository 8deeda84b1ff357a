import GPUTensor
import Kernels

/// The memory and the work that a run would ask of a device, counted on the plans that would run: nothing is allocated.
package struct MemoryPlan: Sendable, Equatable {
  /// Bytes by kind.
  package struct Bytes: Sendable, Equatable, Encodable {
    /// The model's weights on the device, and its adapters.
    package let weights: Int
    /// Gradients that wait for a step's end.
    package let gradients: Int
    /// The optimiser's states, and the copy of the best weights where one is kept.
    package let optimizer: Int
    /// Everything besides, at its peak: activations, their gradients, logits, scratch, tokens, caches of answers.
    package let activations: Int
    package let total: Int
  }

  /// The device that is planned for.
  package struct Device: Sendable {
    let traits: KernelTraits?
    let largestBuffer: Int

    /// An OpenCL device that is here; nil: the CPU fallback.
    ///
    /// - Parameters:
    ///   - operands: the type that the operands of matrix products are rounded to.
    ///   - tuned: the parameters that `accrete tune` found for them.
    package init(
      _ device: Kernels.Device?, operands: OperandType = .float32, tuned: [MatmulClass: MatmulParameters] = [:]
    ) {
      var traits = device.map { KernelTraits(device: $0) }
      traits?.operands = operands
      traits?.tunedProducts = tuned
      self.traits = traits
      largestBuffer = device?.largestAllocationBytes ?? .max
    }

    /// The device of an executor.
    package init(of executor: any Executor) {
      traits = executor.traits
      largestBuffer = executor.largestBuffer
    }
  }

  /// Numbers in all weights.
  package let parameters: Int
  /// Numbers in the parameters that are trained.
  package let trainableParameters: Int
  package let bytes: Bytes
  /// The largest single allocation.
  package let largestAllocation: Int
  /// Operations a token in training: the forward pass, the gradients of activations, and those of trained weights.
  package let flopsPerToken: Double

  /// Plans a run and counts what it holds.
  ///
  /// - Throws: `LoRASettings.Unsuitable` where adapters do not suit the model.
  package init(_ shape: RunShape, device: Device) throws(LoRASettings.Unsuitable) {
    let traits = device.traits
    let run = try RunOnDevice(
      shape, executor: PlanningExecutor(traits: traits, largestBuffer: device.largestBuffer))
    let adapters = [run.adapters?.trained, run.adapters?.stacked].compactMap { $0?.parameters.byteCount }
    let weights = run.model.weights.parameters.byteCount(on: traits) + adapters.reduce(0, +)
    let gradients = run.step.waitingGradients?.byteCount ?? 0
    let states = run.step.states.byteCount(on: traits) + (run.best?.byteCount ?? 0)
    bytes = Bytes(
      weights: weights, gradients: gradients, optimizer: states,
      activations: run.plannedBytes - weights - gradients - states, total: run.plannedBytes)
    parameters = shape.configuration.parameterCount
    trainableParameters = run.model.trained.parameters.reduce(0) { $0 + $1.elementCount }
    let plans = run.allPlans
    largestAllocation = (plans.flatMap(\.slabs).map { $0.byteCount(on: traits) } + plans.flatMap(\.arenas)).max() ?? 0
    flopsPerToken = Self.flops(
      shape.configuration, sequenceLength: shape.largest.sequenceLength, adapter: run.adapters?.trained)
  }

  /// Two operations a weight and token forward, as many for the gradient of its input, and as many again for its own
  /// gradient where it is trained; attention over half of the sequence on average, or what a window leaves of it, 4
  /// products forward and backward twice as many.
  private static func flops(
    _ configuration: LlamaConfiguration, sequenceLength: Int, adapter: LoRAAdapter?
  ) -> Double {
    // The embedding is read by row; where it is the output projection too, it multiplies once.
    func multiplied(_ weights: [ParameterDescription]) -> Int {
      weights.filter { $0.name != LlamaParameterName.embedding || configuration.tieWordEmbeddings }
        .reduce(0) { $0 + $1.elementCount }
    }
    let weights = multiplied(configuration.parameters)
    let length = Double(sequenceLength)
    let seen = (0..<configuration.numHiddenLayers).reduce(0.0) { sum, layer in
      let window = min(Double(configuration.window(ofLayer: layer) ?? sequenceLength), length)
      return sum + window - window * window / (2 * length)
    }
    let attention = 3 * 4 * Double(configuration.queryWidth) * seen
    guard let adapter else { return 6 * Double(weights) + attention }
    let factors = adapter.targets.flatMap(\.parameters).reduce(0) { $0 + $1.elementCount }
    return 4 * Double(weights) + 2 * Double(multiplied(adapter.saved)) + 6 * Double(factors) + attention
  }
}
