import Foundation
import GPUTensor
import Kernels

/// The compounding rounds: M(i) = finetune(M(i−1), a sample of D1 ∪ … ∪ Di), each evaluated on every dataset.
///
/// Weights, or the adapters that are trained in their place, stay on the device from M0 to the last model; they leave it
/// only for checkpoints.
package final class CompoundingRun {
  private let recipe: Recipe
  private let material: RunMaterial
  private let device: RunDevice
  private let evaluator: RunEvaluator
  private let recorder: RunRecorder
  private let folder: RunFolder
  private let checkpoint: RunCheckpoint
  private let executor: any Executor
  private let observer: RunObserver

  /// How a run's checkpoint says that products were computed, for the executor that is to go on with it.
  package static func recordedTuning(_ recipe: Recipe) -> RunState.Tuning? {
    RunCheckpoint(RunFolder(recipe.outputDirectory).checkpoint).recordedTuning()
  }

  /// Opens everything that the recipe names, checks that it fits, and allocates it; nothing is written yet.
  package init(_ recipe: Recipe, executor: any Executor, observer: RunObserver) throws {
    precondition(executor.factors == recipe.precision.factors, "an executor of another precision than the recipe's")
    self.recipe = recipe
    self.executor = executor
    self.observer = observer
    folder = RunFolder(recipe.outputDirectory)
    checkpoint = RunCheckpoint(folder.checkpoint)
    material = try RunMaterial(recipe, note: observer.note)
    let tasks = try RunTasks(material)
    device = try RunDevice(material, tasks: tasks, executor: executor)
    evaluator = RunEvaluator(material, tasks: tasks, device: device)
    recorder = RunRecorder(material: material, device: device, folder: folder)
  }

  /// Trains the rounds that are left, and returns what all of them brought.
  ///
  /// - Parameters:
  ///   - resuming: go on from the checkpoint, if there is one.
  ///   - accepted: keys of the recipe that may have changed since the run was started.
  package func run(resuming: Bool, accepting accepted: [String] = []) throws -> RunSummary {
    try folder.create(resuming: resuming)
    var state: RunState
    if resuming, let saved = try checkpoint.load() {
      state = saved.state
      try RunResumption(recipe: recipe, material: material, folder: folder, accepted: accepted).check(&state)
      try restore(state, from: saved.folder)
      let tuning = RunState.Tuning(executor)
      if let before = state.tuning, before != tuning {
        observer.note(
          "products are computed otherwise than before (on \(before.device)): the last bits of the rest may differ")
      }
      state.tuning = tuning
    } else {
      state = try start()
    }
    let logs = try RunLogs(folder, upTo: state)
    if state.round > recipe.rounds.count { observer.note("the run is finished: nothing is left to train") }
    while state.round <= recipe.rounds.count { try train(&state, logs: logs) }
    return RunSummary(state, recipe: recipe, folder: folder)
  }

  // MARK: - The base

  private func start() throws -> RunState {
    try AtomicFile.write(Data(recipe.yaml.utf8), to: folder.recipe)
    try loadBase()
    var state = RunState(
      round: 1, transfer: TransferMatrix(datasets: recipe.rounds.map(\.name)), recipe: recipe.yaml,
      datasets: material.fileHashes, tokenizer: material.learnedTokenizerHash)
    state.tuning = RunState.Tuning(executor)
    let evaluation = try evaluate("M0") {
      // Nothing has been trained: a resumed run starts here again.
      if let signal = Interruption.signal { throw RoundError.interrupted(signal: signal, round: "base", step: 0) }
    }
    state.transfer.append(evaluation)
    state.parentSha256 = try recorder.recordBase(evaluation)
    try folder.write(TransferReport(state.transfer), to: folder.transfer)
    try checkpoint.saveBetweenRounds(state)
    return state
  }

  private func loadBase() throws {
    switch material.base {
    case .source(let source):
      try device.model.weights.load(from: source, into: executor)
      try device.adapters?.loadSaved(from: source)
    case .fresh(let seed): try device.model.weights.initialize(seed: seed, into: executor)
    }
  }

  /// Brings back the weights of a saved state: those of a round under way, or of the last finished one.
  private func restore(_ state: RunState, from saved: URL) throws {
    let before = state.round > 1 ? folder.round(state.round - 1, recipe.rounds[state.round - 2].name) : nil
    if let adapters = device.adapters {
      try loadBase()
      if let before {
        try adapters.restore(
          before, round: state.round - 1, configuration: material.configuration,
          foldsLast: state.round <= recipe.rounds.count)
      }
    } else if state.files.isEmpty {
      if let before {
        try device.model.weights.load(from: openModel(at: before), into: executor)
      } else {
        try loadBase()
      }
    }
    if !state.files.isEmpty {
      try RunCheckpoint.restore(state, in: saved, tensors: tensors(best: true), to: executor)
    }
    observer.note("resumed in round \(state.round) after step \(state.step)")
  }

  // MARK: - A round

  private func train(_ state: inout RunState, logs: RunLogs) throws {
    let round = recipe.rounds[state.round - 1]
    let trainer = try RoundTrainer(index: state.round, material: material, device: device)
    observer.note("round \(state.round) of \(recipe.rounds.count), \(round.name): \(trainer.totalSteps) steps")
    if state.step == 0 {
      try device.step.resetOptimizer()
      try device.adapters?.begin(round: state.round, seed: recipe.seed)
      state.beginRound(datasets: trainer.datasets.count)
    }
    state.countRows(of: trainer.datasets.count)
    try trainer.run(&state, metrics: logs.metrics, observer: observer, hooks: hooks(of: round, state.round, logs))
    var stopwatch = Stopwatch()
    try chooseModel(&state, settings: round.settings)
    let current = state
    let evaluation = try evaluate(round.name) { [self] in
      guard let signal = Interruption.signal else { return }
      try save(current)
      throw RoundError.interrupted(signal: signal, round: round.name, step: current.step)
    }
    state.seconds += stopwatch.lap()
    try end(&state, trainer: trainer, evaluation)
  }

  private func hooks(of round: ResolvedRound, _ index: Int, _ logs: RunLogs) -> RoundTrainer.Hooks {
    RoundTrainer.Hooks(
      save: save,
      evaluate: { [self] step in
        let losses = try evaluator.losses()
        note(losses, after: "\(round.name), step \(step)")
        try logs.evaluations.append(EvaluationLine(round: index, name: round.name, step: step, losses: losses))
        return losses
      },
      keepBest: device.keepBest, areNotFinite: evaluator.areNotFinite)
  }

  /// Where the best model is asked for: the current one, unless an earlier one of the round has a lower held-out loss.
  private func chooseModel(_ state: inout RunState, settings: TrainingSettings) throws {
    guard settings.loadBestModelAtEnd else { return }
    let loss = RoundTrainer.mean(try evaluator.losses(), through: state.round)
    if let best = state.best, best.loss <= loss ?? .infinity {
      try device.restoreBest()
      observer.note("the best model is that of step \(best.step)")
    } else if let loss {
      state.best = RunState.Best(step: state.step, loss: loss, evaluationsSince: 0)
    }
  }

  /// Records the round and its model, and makes it the last, unless the gate refuses it.
  private func end(_ state: inout RunState, trainer: RoundTrainer, _ evaluation: RunEvaluator.Evaluation) throws {
    let name = trainer.round.name
    let beginning = state.restarted
    state.transfer.append(evaluation)
    let limit = trainer.round.settings.maxForgetting
    let refusal = state.transfer.worstForgetting.flatMap { worst in
      limit.flatMap { worst.nats > $0 ? (worst.dataset, worst.nats, $0) : nil }
    }
    let target = folder.round(state.round, refusal == nil ? name : name + ".refused")
    let before = executor.ledger
    let sha256 = try saveModel(to: target, round: state.round)
    try recorder.record(
      state, trainer: trainer, evaluation: evaluation, sha256: sha256, save: executor.ledger - before, in: target)
    if let (dataset, nats, limit) = refusal {
      // A resumed run takes the round from its beginning: under other settings, once they are accepted.
      try checkpoint.saveBetweenRounds(beginning)
      try RunReport(folder: folder.url).write()
      throw RoundError.refused(round: name, dataset: dataset, nats: nats, limit: limit, kept: target.path)
    }
    try folder.write(TransferReport(state.transfer), to: folder.transfer)
    try folder.linkFinal(to: target)
    if state.round < recipe.rounds.count, let folded = try device.foldAdapter(round: state.round) {
      observer.note(
        "the adapter of \(name) is folded into the model: the logits of \(folded.tokens) tokens differ by at most "
          + "\(folded.difference)")
    }
    state.endRound(sha256: sha256)
    try checkpoint.saveBetweenRounds(state)
    try RunReport(folder: folder.url).write()
  }

  // MARK: - What is measured and saved

  private func evaluate(_ what: String, pause: () throws -> Void) throws -> RunEvaluator.Evaluation {
    let evaluation = try evaluator.evaluate(pause: pause)
    note(evaluation.losses, after: what)
    for (round, scores) in zip(recipe.rounds, evaluation.scores) where !scores.isEmpty {
      let list = scores.map { "\($0.name) \(TransferReport.format($0.value))" }
      observer.note("\(round.name) after \(what): " + list.joined(separator: ", "))
    }
    if let general = evaluation.general {
      observer.note("general text after \(what): \(TransferReport.format(general))")
    }
    return evaluation
  }

  private func note(_ losses: [Double?], after what: String) {
    let list = zip(recipe.rounds, losses).map { "\($0.name) \($1.map(TransferReport.format) ?? "–")" }
    observer.note("held-out loss after \(what): " + list.joined(separator: ", "))
  }

  private func save(_ state: RunState) throws {
    let isBestKept = state.best != nil && recipe.rounds[state.round - 1].settings.loadBestModelAtEnd
    try checkpoint.save(state, tensors: tensors(best: isBestKept), from: executor)
  }

  private func tensors(best isBestKept: Bool) -> [RunCheckpoint.Tensors] {
    var tensors = [
      ("weights", device.model.trained), ("first_moments", device.step.firstMoments),
      ("second_moments", device.step.secondMoments),
    ]
    if isBestKept, let best = device.best { tensors.append(("best_weights", best)) }
    return tensors
  }

  /// Writes the current model as a Hugging Face folder, or its adapter as PEFT's; the SHA-256 of what was trained.
  private func saveModel(to target: URL, round: Int) throws -> String {
    let weights: String
    if let adapters = device.adapters {
      weights = PEFTAdapter.weightsName
      let previous = round > 1 ? folder.round(round - 1, recipe.rounds[round - 2].name) : nil
      let base = try RoundRecord.read(folder.round(0, "base").appending(path: "round.json"))
      try adapters.save(
        after: previous, baseSha256: base.sha256, configuration: material.configuration, to: target)
    } else {
      weights = "model.safetensors"
      try HuggingFaceWriter.write(material.configuration, to: target) { [device, executor] name, emit in
        try device.model.weights.parameters.read(name, from: executor, emit)
      }
    }
    if let tokenizer = material.tokenizer { try writeTokenizer(tokenizer, to: target) }
    return try FileHash.sha256(of: target.appending(path: weights))
  }
}

extension TransferMatrix {
  fileprivate mutating func append(_ evaluation: RunEvaluator.Evaluation) {
    append(loss: evaluation.losses, scores: evaluation.scores, general: evaluation.general)
  }
}
