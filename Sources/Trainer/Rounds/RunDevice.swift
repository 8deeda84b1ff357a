import GPUTensor
import Kernels

/// What a run keeps on the device from its first round to its last: weights, optimiser, the round's tokens, and the plans
/// that use them, prepared together so that training, evaluation and answers share their memory.
struct RunDevice {
  let executor: any Executor
  let weights: LlamaWeights
  /// A copy of the weights of the lowest held-out loss, where a round asks for it.
  let best: LlamaWeights?
  let stream: TokenStream
  let step: TrainingStep
  let evaluator: LossEvaluator
  /// Writes the answers of tasks; nil where none is written.
  let generator: Generator?
  /// For each round: its optimiser's update.
  let updates: [Plan]
  /// Bytes of all of it.
  let plannedBytes: Int

  /// Plans everything, checks that it fits, and allocates it.
  ///
  /// - Throws: `RoundError.doesNotFit`, before anything is allocated.
  init(_ material: RunMaterial, tasks: RunTasks, executor: any Executor) throws {
    self.executor = executor
    let configuration = material.configuration
    let slabBytes = LlamaWeights.slabBytes(for: executor)
    weights = LlamaWeights(configuration, kind: "weights", maxSlabBytes: slabBytes)
    best =
      material.recipe.rounds.contains { $0.settings.loadBestModelAtEnd }
      ? LlamaWeights(configuration, kind: "best weights", maxSlabBytes: slabBytes) : nil
    stream = TokenStream(capacity: material.streamCapacity)
    let table = try configuration.makeRopeTable(positions: tasks.positions, on: executor)
    step = TrainingStep(
      weights: weights, stream: stream, ropeTable: table, executor: executor, rowCapacity: material.rowCapacity)
    evaluator = LossEvaluator(
      weights: weights, ropeTable: table, executor: executor,
      rowCapacity: max(material.longestSequence, tasks.longestCandidate, min(material.rowCapacity, 1024)))
    generator =
      tasks.generatedLength == 0
      ? nil
      : Generator(
        weights: weights, ropeTable: table, executor: executor, contextLength: tasks.generatedLength,
        sequences: min(material.recipe.evaluation.batchSize, tasks.questionCount))
    updates = material.recipe.rounds.map { [step] in step.updatePlan($0.settings) }
    let plans = [step.microBatchPlan, evaluator.plan] + (generator.map { [$0.plan] } ?? []) + updates
    plannedBytes = Plan.totalBytes(plans) + (best?.slabs.reduce(0) { $0 + $1.byteCount } ?? 0)
    try Self.checkMemory(plannedBytes, plans: plans, executor: executor)
    try executor.prepare(plans)
    if let best { try executor.allocate(best.slabs) }
  }

  /// Keeps the current weights as the best so far; nothing leaves the device.
  func keepBest() throws(OpenCLError) {
    guard let best else { return }
    for (source, target) in zip(weights.slabs, best.slabs) { try executor.copy(from: source, to: target) }
  }

  /// Makes the best weights the current ones.
  func restoreBest() throws(OpenCLError) {
    guard let best else { return }
    for (source, target) in zip(best.slabs, weights.slabs) { try executor.copy(from: source, to: target) }
  }

  private static func checkMemory(_ needed: Int, plans: [Plan], executor: any Executor) throws(RoundError) {
    guard needed > executor.memoryBytes else { return }
    let variables = Plan.variableBytes(plans)
    throw RoundError.doesNotFit(
      needed: needed, available: executor.memoryBytes, device: executor.deviceName,
      largest: "weights, gradients and moments \(variables >> 20) MiB, activations \((needed - variables) >> 20) MiB")
  }
}
