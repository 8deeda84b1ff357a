import GPUTensor
import Kernels

/// What a run keeps on the device from its first round to its last: weights, optimiser, the round's tokens, and the plans
/// that use them, prepared together so that training, evaluation and answers share their memory.
struct RunOnDevice {
  let executor: any Executor
  let model: DeviceModel
  /// nil where the weights themselves are trained.
  let adapters: RunAdapters?
  /// Shows what folding an adapter does to the logits; nil where none is folded.
  let probe: LogitProbe?
  /// A copy of what is trained at the lowest held-out loss, where a round asks for it.
  let best: ParameterSet?
  let stream: TokenStream
  let step: TrainingStep
  let evaluator: LossEvaluator
  /// Writes the answers of tasks; nil where none is written.
  let generator: Generator?
  /// For each round: its steps.
  let plans: [TrainingStep.Plans]
  /// Bytes of all of it.
  let plannedBytes: Int

  /// Plans everything, checks that it fits, and allocates it.
  ///
  /// - Throws: `RoundError.doesNotFit`, before anything is allocated.
  init(_ material: RunInputs, tasks: RunTasks, executor: any Executor) throws {
    self.executor = executor
    let configuration = material.configuration
    let limits = AllocationLimits(of: executor)
    let weights = LlamaWeights(
      configuration, types: material.baseTypes, offloads: material.recipe.memory.offloadsBase,
      replaced: material.adapters?.saved ?? [], limits: limits)
    adapters = material.adapters.map {
      RunAdapters(
        $0, rounds: material.recipe.rounds.count, base: material.basePath, weights: weights, executor: executor)
    }
    model = DeviceModel(weights, stacked: adapters?.stacked, adapter: adapters?.trained)
    best =
      material.recipe.rounds.contains { $0.settings.loadBestModelAtEnd }
      ? model.trained.sibling(kind: "best weights") : nil
    stream = TokenStream(
      capacity: material.streamCapacity, isWeighted: material.unions.joined().contains(where: \.hasWeights))
    let table = try configuration.makeRopeTable(positions: tasks.positions, on: executor)
    step = TrainingStep(
      model: model, stream: stream, ropeTable: table, executor: executor, rowCapacity: material.rowCapacity,
      memory: material.recipe.memory, optimizer: material.recipe.optimizer)
    evaluator = LossEvaluator(
      model: model, ropeTable: table, executor: executor,
      rowCapacity: max(material.longestSequence, tasks.longestCandidate, min(material.rowCapacity, 1024)))
    generator =
      tasks.generatedLength == 0
      ? nil
      : Generator(
        model: model, ropeTable: table, executor: executor, contextLength: tasks.generatedLength,
        sequences: min(material.recipe.evaluation.batchSize, tasks.questionCount))
    let sample = material.unions.first?.first?.samples.first
    probe =
      adapters?.folds == true
      ? sample.map { [model] in LogitProbe(model, sample: $0, ropeTable: table, executor: executor) } : nil
    plans = material.recipe.rounds.map { [step] in
      step.plans(for: material.recipe.optimizer.optimizer($0.settings.optimizerConstants))
    }
    let optional = (generator?.plans ?? []) + [probe?.plan].compactMap { $0 } + (adapters?.plans ?? [])
    // Rounds of the same optimiser share their plans.
    var seen: Set<ObjectIdentifier> = []
    let all = (plans.flatMap(\.all) + [evaluator.plan] + optional).filter { seen.insert(ObjectIdentifier($0)).inserted }
    plannedBytes = Plan.totalBytes(all) + (best?.byteCount ?? 0)
    try Self.checkMemory(plannedBytes, plans: all, material, executor: executor)
    try executor.prepare(all)
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

  /// Makes a finished round's adapter a part of what the next starts from.
  ///
  /// - Returns: the largest difference that it made to the logits of so many tokens; nil where nothing is folded.
  func foldAdapter(round: Int) throws(DeviceError) -> (difference: Float, tokens: Int)? {
    guard let adapters else { return nil }
    let before = try probe?.read()
    try adapters.fold(round: round)
    guard let probe, let before else { return nil }
    return (LogitProbe.difference(before, try probe.read()), probe.tokenCount)
  }

  private static func checkMemory(
    _ needed: Int, plans: [Plan], _ material: RunInputs, executor: any Executor
  ) throws(RoundError) {
    guard needed > executor.memoryBytes else { return }
    let variables = Plan.variableBytes(plans)
    let settings = material.recipe.largestSettings
    let device = MemoryPlan.Device(of: executor)
    let fitting = FittingSettings(
      material.configuration, types: material.baseTypes, settings: settings, memory: material.recipe.memory,
      optimizer: material.recipe.optimizer, device: device)
    // Rows, caches of answers and the like stay as they are.
    let plan = try? MemoryPlan(
      material.configuration, types: material.baseTypes, method: material.recipe.method,
      memory: material.recipe.memory, optimizer: material.recipe.optimizer, settings: settings, device: device)
    let besides = max(needed - (plan?.bytes.total ?? needed), 0)
    let changes = try? fitting.changes(method: material.recipe.method, memory: executor.memoryBytes - besides)
    throw RoundError.doesNotFit(
      needed: needed, available: executor.memoryBytes, device: executor.deviceName,
      largest: "weights, gradients and optimiser \(variables >> 20) MiB, activations \((needed - variables) >> 20) MiB",
      changes: changes ?? [])
  }
}
