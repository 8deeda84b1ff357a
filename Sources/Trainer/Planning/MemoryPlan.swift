import GPUTensor
import Kernels

/// What a round would ask of a device, from the plans that would run: nothing is allocated.
package struct MemoryPlan: Sendable, Equatable {
  /// Bytes by kind.
  package struct Bytes: Sendable, Equatable, Encodable {
    /// The model's on the device, adapters among them.
    package let weights: Int
    /// Those that wait for a step's end.
    package let gradients: Int
    /// The optimiser's states, and the copy of the best weights where one is kept.
    package let optimizer: Int
    /// What a step holds besides, at its peak: activations, their gradients, logits and scratch.
    package let activations: Int
    package let total: Int
  }

  /// What is planned for.
  package struct Device: Sendable {
    let traits: KernelTraits?
    let largestBuffer: Int

    /// An OpenCL device that is here; nil: the CPU fallback.
    ///
    /// - Parameters:
    ///   - operands: what matrix products multiply.
    ///   - tuned: what `accrete tune` found for them.
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

  /// Numbers in all weights, and in those that are trained.
  package let parameters: Int
  package let trainableParameters: Int
  package let bytes: Bytes
  /// The largest single allocation.
  package let largestAllocation: Int
  /// Operations that a token costs in training: forward, the gradient of what is read, and that of what is trained.
  package let flopsPerToken: Double
  /// Tokens of a micro-batch.
  package let tokens: Int

  /// - Parameter types: of `BaseStorage`: dtypes of frozen weights that are not float32.
  /// - Throws: `LoRASettings.Unsuitable` where adapters do not suit the model.
  package init(
    _ configuration: LlamaConfiguration, types: [String: DType] = [:], method: TrainingMethod,
    memory: MemorySettings = MemorySettings(), optimizer: OptimizerSettings = OptimizerSettings(),
    settings: TrainingSettings, device: Device
  ) throws(LoRASettings.Unsuitable) {
    let executor = PlanningExecutor(traits: device.traits, largestBuffer: device.largestBuffer)
    let limits = AllocationLimits(of: executor)
    var adapter: LoRAAdapter?
    if case .lora(let lora, _) = method {
      adapter = LoRAAdapter(
        try lora.targets(in: configuration), saved: try lora.savedWeights(in: configuration), dropout: lora.dropout,
        kind: "adapter", limits: limits)
    }
    let weights = LlamaWeights(
      configuration, types: types, offloads: memory.offloadsBase, replaced: adapter?.saved ?? [],
      limits: limits)
    var merge: [Plan] = []
    if case .lora(let lora, _) = method, lora.betweenRounds == .merge, let adapter {
      merge = [adapter.mergePlan(into: weights.parameters, executor: executor)]
    }
    let model = DeviceModel(weights, adapter: adapter)
    tokens = settings.perDeviceTrainBatchSize * settings.sequenceLength
    let table = Variable(name: "rope table", shape: Shape([settings.sequenceLength, configuration.headDim]))
    let step = TrainingStep(
      model: model, stream: TokenStream(capacity: tokens), ropeTable: table, executor: executor, rowCapacity: tokens,
      memory: memory, optimizer: optimizer)
    let evaluator = LossEvaluator(
      model: model, ropeTable: table, executor: executor, rowCapacity: max(settings.sequenceLength, min(tokens, 1024)))
    let plans = step.plans(for: optimizer.optimizer(settings.optimizerConstants)).all + [evaluator.plan] + merge

    let trained = model.trained.byteCount
    let gradients = step.waitingGradients?.byteCount ?? 0
    let states = step.states.byteCount(on: device.traits)
    let kept = settings.loadBestModelAtEnd ? trained : 0
    let base = weights.parameters.byteCount(on: device.traits)
    let all = base + (adapter?.parameters.byteCount ?? 0)
    let total = Plan.totalBytes(plans) + kept
    bytes = Bytes(
      weights: all, gradients: gradients, optimizer: states + kept,
      activations: total - all - gradients - states - kept, total: total)
    parameters = configuration.parameterCount
    trainableParameters = model.trained.parameters.reduce(0) { $0 + $1.elementCount }
    let allocations = plans.flatMap(\.slabs).map { $0.byteCount(on: device.traits) } + plans.flatMap(\.arenas)
    largestAllocation = allocations.max() ?? 0
    flopsPerToken = Self.flops(configuration, settings: settings, adapter: adapter)
  }

  /// Two operations a weight and token forward, as many for the gradient of what it reads, and as many again for its
  /// own where it is trained; attention over half of the sequence on average, 4 products forward and backward twice that.
  private static func flops(
    _ configuration: LlamaConfiguration, settings: TrainingSettings, adapter: LoRAAdapter?
  ) -> Double {
    // The embedding is read by row; where it is the output projection too, it multiplies once.
    func multiplied(_ weights: [ParameterDescription]) -> Int {
      weights.filter { $0.name != LlamaParameterName.embedding || configuration.tieWordEmbeddings }
        .reduce(0) { $0 + $1.elementCount }
    }
    let weights = multiplied(configuration.parameters)
    let attention =
      3 * 4 * Double(configuration.numHiddenLayers * configuration.queryWidth) * Double(settings.sequenceLength) / 2
    guard let adapter else { return 6 * Double(weights) + attention }
    let factors = adapter.targets.flatMap(\.parameters).reduce(0) { $0 + $1.elementCount }
    return 4 * Double(weights) + 2 * Double(multiplied(adapter.saved)) + 6 * Double(factors) + attention
  }
}
