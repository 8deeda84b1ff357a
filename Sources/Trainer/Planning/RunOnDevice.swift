import GPUTensor
import Kernels

/// Everything that a run holds on its device from the first round to the last: weights, adapters, the optimiser's states,
/// the tokens of a round, and the plans that use them, prepared together so that training, evaluation and answers share
/// their memory.
///
/// Made for a `PlanningExecutor` it is the plan of a run's memory (`MemoryPlan`): there is no other list of what a run holds.
struct RunOnDevice {
  let shape: RunShape
  let executor: any Executor
  let model: DeviceModel
  /// The adapters; nil where the weights themselves are trained.
  let adapters: RunAdapters?
  /// Shows the effect of folding an adapter on the logits; nil where no adapter is folded.
  let probe: LogitProbe?
  /// A copy of the trained parameters at the lowest held-out loss, where a round asks for it.
  let best: ParameterSet?
  let stream: TokenStream
  let step: TrainingStep
  let evaluator: LossEvaluator
  /// Writes the answers to tasks; nil where none is written.
  let generator: Generator?
  /// The plans of a step, for each round.
  let plans: [TrainingStep.Plans]
  /// The plans of all kinds, each once.
  let allPlans: [Plan]
  /// Bytes of all of it.
  let plannedBytes: Int
  private let rope: RopeTables

  /// Plans everything; nothing is allocated yet.
  ///
  /// - Throws: `LoRASettings.Unsuitable` where adapters do not suit the model.
  init(_ shape: RunShape, executor: any Executor) throws(LoRASettings.Unsuitable) {
    (self.shape, self.executor) = (shape, executor)
    let configuration = shape.configuration
    var lora: LoRASettings?
    if case .lora(let settings, _) = shape.method { lora = settings }
    let weights = LlamaWeights(
      configuration, types: shape.types, offloads: shape.memory.offloadsBase,
      replaced: try lora?.savedWeights(in: configuration) ?? [], limits: AllocationLimits(of: executor))
    adapters = try lora.map { settings throws(LoRASettings.Unsuitable) in
      try RunAdapters(settings, rounds: shape.rounds.count, weights: weights, executor: executor)
    }
    model = DeviceModel(weights, stacked: adapters?.stacked, adapter: adapters?.trained)
    let keepsBest = shape.rounds.contains { $0.settings.loadBestModelAtEnd }
    best = keepsBest ? model.trained.sibling(kind: "best weights") : nil
    let rows = shape.rowCapacity
    stream = TokenStream(capacity: shape.streamTokens ?? rows, isWeighted: shape.isWeighted)
    rope = RopeTables(configuration, positions: shape.positions)
    step = TrainingStep(
      model: model, stream: stream, rope: rope, executor: executor, rowCapacity: rows, memory: shape.memory,
      optimizer: shape.optimizer)
    evaluator = LossEvaluator(
      model: model, rope: rope, executor: executor,
      rowCapacity: max(shape.longestSequence, shape.longestCandidate, min(rows, 1024)))
    generator = shape.answers.map { [model, rope] in
      Generator(
        model: model, rope: rope, executor: executor, contextLength: $0.contextLength ?? shape.positions,
        sequences: $0.sequences)
    }
    let blank = [Int32](repeating: 0, count: shape.longestSequence)
    // After the last round nothing is folded.
    probe =
      adapters?.folds == true && shape.rounds.count > 1
      ? LogitProbe(
        model, sample: shape.probe ?? Sample(ids: blank, labels: blank), rope: rope, executor: executor) : nil
    plans = shape.rounds.map { [step] in
      let settings = $0.settings
      let factors = lora.map { LearningRateFactors($0, peak: settings.learningRate) } ?? LearningRateFactors()
      return step.plans(for: shape.optimizer.optimizer(settings.optimizerConstants, factors: factors))
    }
    let optional = (generator?.plans ?? []) + [probe?.plan].compactMap { $0 } + (adapters?.plans ?? [])
    // Rounds of the same optimiser share their plans.
    var seen: Set<ObjectIdentifier> = []
    allPlans = (plans.flatMap(\.all) + [evaluator.plan] + optional)
      .filter { seen.insert(ObjectIdentifier($0)).inserted }
    plannedBytes = Plan.totalBytes(allPlans) + (best?.byteCount ?? 0)
  }

  /// Gives everything its memory, and the tables of rotary angles their values.
  func allocate() throws(DeviceError) {
    try rope.fill(on: executor)
    try executor.prepare(allPlans)
    if let best { try executor.allocate(best.slabs) }
  }

  /// Keeps the current weights as the best so far; nothing leaves the device.
  func keepBest() throws(DeviceError) {
    if let best { try model.trained.copy(to: best, on: executor) }
  }

  /// Makes the best weights the current ones.
  func restoreBest() throws(DeviceError) {
    try best?.copy(to: model.trained, on: executor)
  }

  /// Makes a finished round's adapter a part of the model that the next round starts from.
  ///
  /// - Returns: the largest difference that folding made to the logits of so many tokens; nil where nothing is folded.
  func foldAdapter(round: Int) throws(DeviceError) -> (difference: Float, tokens: Int)? {
    guard let adapters else { return nil }
    let before = try probe?.read()
    try adapters.fold(round: round)
    guard let probe, let before else { return nil }
    return (LogitProbe.difference(before, try probe.read()), probe.tokenCount)
  }
}
