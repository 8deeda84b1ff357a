import Foundation
import GPUTensor
import Kernels

/// The compounding rounds: M(i) = finetune(M(i−1), a sample of D1 ∪ … ∪ Di), each evaluated on every dataset.
///
/// Weights stay on the device from M0 to the last model; they leave it only for checkpoints.
package final class CompoundingRun {
  /// What a finished run leaves behind.
  package struct Summary: Encodable {
    package struct Round: Encodable {
      package let name: String
      package let model: String
      package let steps: Int
      package let finalLoss: Double?
    }

    package let outputDir: String
    package let rounds: [Round]
    package let transfer: TransferReport
  }

  private let recipe: Recipe
  private let material: RunMaterial
  private let folder: RunFolder
  private let executor: any Executor
  private let observer: RunObserver
  private let weights: LlamaWeights
  private let stream: TokenStream
  private let step: TrainingStep
  private let evaluator: LossEvaluator
  private let updates: [Plan]
  private let plannedBytes: Int

  /// Opens everything that the recipe names, checks that it fits, and allocates it; nothing is written yet.
  package init(_ recipe: Recipe, executor: any Executor, observer: RunObserver) throws {
    self.recipe = recipe
    self.executor = executor
    self.observer = observer
    folder = RunFolder(recipe.outputDirectory)
    material = try RunMaterial(recipe, note: observer.note)
    let configuration = material.configuration
    weights = LlamaWeights(
      configuration, kind: "weights", maxSlabBytes: LlamaWeights.slabBytes(for: executor))
    stream = TokenStream(capacity: material.streamCapacity)
    let table = try configuration.makeRopeTable(positions: material.longestSequence, on: executor)
    step = TrainingStep(
      weights: weights, stream: stream, ropeTable: table, executor: executor, rowCapacity: material.rowCapacity)
    evaluator = LossEvaluator(
      weights: weights, ropeTable: table, executor: executor,
      rowCapacity: max(material.longestSequence, min(material.rowCapacity, 1024)))
    updates = recipe.rounds.map { [step] in step.updatePlan($0.settings) }
    let plans = [step.microBatchPlan, evaluator.plan] + updates
    plannedBytes = Plan.totalBytes(plans)
    try Self.checkMemory(plannedBytes, plans: plans, executor: executor)
    try executor.prepare(plans)
  }

  /// Trains the rounds that are left, and returns what all of them brought.
  ///
  /// - Parameter resuming: go on from the checkpoint, if there is one.
  package func run(resuming: Bool) throws -> Summary {
    let checkpoint = RunCheckpoint(folder.checkpoint)
    try folder.create(resuming: resuming)
    let yaml = recipe.yaml
    let hash = FileHash.sha256(of: Data(yaml.utf8))
    var state: RunState
    if resuming, let saved = try checkpoint.load() {
      guard saved.state.recipe == hash else { throw try recipeChanged() }
      guard saved.state.tokenizer == material.learnedTokenizerHash else { throw tokenizerChanged() }
      if let key = changedFile(since: saved.state) { throw fileChanged(key) }
      state = saved.state
      try restore(state, from: saved.folder)
    } else {
      try AtomicFile.write(Data(yaml.utf8), to: folder.recipe)
      try loadBase()
      state = RunState(
        round: 1, step: 0, cursor: PackingCursor(), transfer: TransferMatrix(datasets: recipe.rounds.map(\.name)),
        rowsSeen: [], tokensSeen: [], finalLosses: [], parentSha256: nil, files: [:], recipe: hash,
        datasets: material.fileHashes, tokenizer: material.learnedTokenizerHash)
      state.transfer.loss.append(try evaluate("M0").losses)
      try recordBase(&state)
      try checkpoint.save(state, tensors: [], from: executor)
    }
    let metrics = try MetricsLog(folder.metrics) { line in
      line.round < state.round || (line.round == state.round && line.step <= state.step)
    }
    if state.round > recipe.rounds.count { observer.note("the run is finished: nothing is left to train") }
    while state.round <= recipe.rounds.count {
      try train(&state, metrics: metrics, checkpoint: checkpoint)
    }
    return summary(state)
  }

  // MARK: - A round

  private func train(_ state: inout RunState, metrics: MetricsLog, checkpoint: RunCheckpoint) throws {
    let index = state.round
    let round = recipe.rounds[index - 1]
    let start = DispatchTime.now()
    let trainer = try RoundTrainer(
      index: index, material: material, stream: stream, step: step, update: updates[index - 1], executor: executor)
    observer.note("round \(index) of \(recipe.rounds.count), \(round.name): \(trainer.totalSteps) steps")
    if state.step == 0 {
      try step.resetOptimizer()
      state.cursor = PackingCursor()
      state.rowsSeen = [Int](repeating: 0, count: index)
      state.tokensSeen = state.rowsSeen
      state.lastLoss = nil
    }
    let tensors = [weights, step.firstMoments, step.secondMoments]
    try trainer.run(
      &state, metrics: metrics, observer: observer,
      save: { [executor] state in try checkpoint.save(state, tensors: tensors, from: executor) },
      evaluate: { step in _ = try self.evaluate("\(round.name), step \(step)") })

    let evaluation = try evaluate(round.name)
    state.transfer.loss.append(evaluation.losses)
    let refusal = refusal(of: state, limit: round.settings.maxForgetting)
    let target = folder.round(index, refusal == nil ? round.name : round.name + ".refused")
    let before = executor.ledger
    let modelHash = try save(to: target)
    var record = record(of: state, trainer: trainer, evaluation: evaluation, sha256: modelHash)
    record.seconds = Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9
    record.transferOfSave = .init(executor.ledger - before)
    try folder.write(record, to: target.appending(path: "round.json"))
    if let refusal {
      throw RoundError.refused(
        round: round.name, dataset: refusal.dataset, nats: refusal.nats, limit: refusal.limit, kept: target.path)
    }
    try folder.write(TransferReport(state.transfer), to: folder.transfer)
    try folder.linkFinal(to: target)
    state.finalLosses.append(state.lastLoss ?? .nan)
    state.parentSha256 = modelHash
    state.round += 1
    state.step = 0
    try checkpoint.save(state, tensors: [], from: executor)
  }

  /// Losses on every dataset's held-out rows, and the bytes that asking for them took.
  private func evaluate(_ what: String) throws -> (losses: [Double?], transfer: TransferLedger) {
    let before = executor.ledger
    let losses = try material.valid.map { dataset in
      try dataset.map { try evaluator.meanLoss($0.samples).loss }
    }
    let list = zip(recipe.rounds, losses).map { "\($0.name) \($1.map(TransferReport.format) ?? "–")" }
    observer.note("held-out loss after \(what): " + list.joined(separator: ", "))
    return (losses, executor.ledger - before)
  }

  private func refusal(of state: RunState, limit: Double?) -> (dataset: String, nats: Double, limit: Double)? {
    guard let limit, let worst = state.transfer.worstForgetting, worst.nats > limit else { return nil }
    return (worst.dataset, worst.nats, limit)
  }

  // MARK: - Models in and out

  private func loadBase() throws {
    switch material.base {
    case .source(let source): try weights.load(from: source, into: executor)
    case .fresh(let seed): try weights.initialize(seed: seed, into: executor)
    }
  }

  /// Brings back the weights of a saved state: those of a round under way, or of the last finished one.
  private func restore(_ state: RunState, from saved: URL) throws {
    if !state.files.isEmpty {
      let tensors = [weights, step.firstMoments, step.secondMoments]
      try RunCheckpoint.restore(saved, tensors: tensors, to: executor)
    } else if state.round > 1 {
      let model = folder.round(state.round - 1, recipe.rounds[state.round - 2].name)
      try weights.load(from: openModel(at: model), into: executor)
    } else {
      try loadBase()
    }
    observer.note("resumed in round \(state.round) after step \(state.step)")
  }

  /// Writes the current weights as a Hugging Face folder; the SHA-256 of its weights.
  private func save(to target: URL) throws -> String {
    try HuggingFaceWriter.write(material.configuration, to: target) { [weights, executor] name, emit in
      try executor.read(weights.variable(name)).withUnsafeBufferPointer { try emit($0) }
    }
    if let tokenizer = material.tokenizer { try writeTokenizer(tokenizer, to: target) }
    return try FileHash.sha256(of: target.appending(path: "model.safetensors"))
  }

  // MARK: - Records

  private func recordBase(_ state: inout RunState) throws {
    var record = emptyRecord(round: 0, name: "base")
    record.loss = state.transfer.loss[0]
    if case .source(let source) = material.base {
      record.parent = source.path
      record.sha256 = try Self.hash(of: source.url)
      state.parentSha256 = record.sha256
    }
    let target = folder.round(0, "base")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    try folder.write(record, to: target.appending(path: "round.json"))
    try folder.write(TransferReport(state.transfer), to: folder.transfer)
  }

  /// SHA-256 of a model's file, or of the hashes of a folder's weight files in the order of their names.
  private static func hash(of model: URL) throws -> String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: model.path)) ?? []
    let files = names.filter { $0.hasSuffix(".safetensors") }.sorted()
    if files.isEmpty { return try FileHash.sha256(of: model) }
    let hashes = try files.map { try FileHash.sha256(of: model.appending(path: $0)) }
    return hashes.count == 1 ? hashes[0] : FileHash.sha256(of: Data(hashes.joined().utf8))
  }

  private func record(
    of state: RunState, trainer: RoundTrainer, evaluation: (losses: [Double?], transfer: TransferLedger), sha256: String
  ) -> RoundRecord {
    var record = emptyRecord(round: state.round, name: trainer.round.name)
    record.parent =
      state.round == 1
      ? folder.round(0, "base").lastPathComponent
      : folder.round(state.round - 1, recipe.rounds[state.round - 2].name).lastPathComponent
    record.parentSha256 = state.parentSha256
    record.sha256 = sha256
    record.steps = trainer.totalSteps
    record.finalLoss = state.lastLoss
    record.loss = evaluation.losses
    record.transferOfEvaluation = .init(evaluation.transfer)
    record.datasets = trainer.datasets.enumerated().map { index, dataset in
      RoundRecord.DatasetRecord(
        name: dataset.name, path: dataset.url.path, sha256: material.trainingHash(index), rows: dataset.statistics.rows,
        tokens: dataset.statistics.tokens, cut: dataset.statistics.cut, dropped: dataset.statistics.dropped,
        rowsSeen: state.rowsSeen[index], tokensSeen: state.tokensSeen[index])
    }
    return record
  }

  private func emptyRecord(round: Int, name: String) -> RoundRecord {
    RoundRecord(
      round: round, name: name, parent: nil, parentSha256: nil, sha256: nil, datasets: [], steps: 0, finalLoss: nil,
      seconds: 0, device: executor.deviceName, family: executor.traits?.matmulFamily.rawValue, loss: [],
      plannedBytes: plannedBytes, peakBytes: executor.peakAllocatedBytes, transferOfSave: nil,
      transferOfEvaluation: nil)
  }

  private func summary(_ state: RunState) -> Summary {
    let rounds = recipe.rounds.enumerated().map { index, round in
      let loss = index < state.finalLosses.count ? state.finalLosses[index] : .nan
      return Summary.Round(
        name: round.name, model: folder.round(index + 1, round.name).path, steps: steps(of: index),
        finalLoss: loss.isFinite ? loss : nil)
    }
    return Summary(outputDir: folder.url.path, rounds: rounds, transfer: TransferReport(state.transfer))
  }

  private func steps(of index: Int) -> Int {
    let file = folder.round(index + 1, recipe.rounds[index].name).appending(path: "round.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return (try? decoder.decode(RoundRecord.self, from: Data(contentsOf: file)))?.steps ?? 0
  }

  // MARK: - Refusals

  private static func checkMemory(_ needed: Int, plans: [Plan], executor: any Executor) throws {
    guard needed > executor.memoryBytes else { return }
    let variables = Plan.variableBytes(plans)
    throw RoundError.doesNotFit(
      needed: needed, available: executor.memoryBytes, device: executor.deviceName,
      largest: "weights, gradients and moments \(variables >> 20) MiB, activations \((needed - variables) >> 20) MiB")
  }

  /// The key of the first file of rows that is not as it was: the rows that were drawn from it are no longer known.
  private func changedFile(since state: RunState) -> String? {
    material.fileHashes.keys.sorted().first { material.fileHashes[$0] != state.datasets[$0] }
  }

  private func fileChanged(_ key: String) -> RoundError {
    .unsuitable(
      key: "--resume",
      problem: "\(key) (\(recipe.rowFiles[key]?.path ?? "")) is not the file that the run was started with",
      remedy: "restore it, or choose another output_dir")
  }

  /// The error for training files that gave another vocabulary than the one the run was started with.
  private func tokenizerChanged() -> RoundError {
    .unsuitable(
      key: "--resume",
      problem: "the rounds' training files give another vocabulary (base.tokenizer.vocab_size) than when the run was "
        + "started", remedy: "restore the files, or choose another output_dir")
  }

  /// The error for a recipe that is not the one the run was started with; it names every key that differs.
  private func recipeChanged() throws -> RoundError {
    let old = try? String(contentsOf: folder.recipe, encoding: .utf8)
    let changes = try old.map { try recipe.changes(since: $0) } ?? []
    return .unsuitable(
      key: "--resume",
      problem: "the recipe is not the one this run was started with"
        + (changes.isEmpty ? "" : " (\(changes.joined(separator: "; ")))"),
      remedy: "restore it, or choose another output_dir")
  }
}
