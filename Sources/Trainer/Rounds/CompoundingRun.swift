import Foundation
import GPUTensor
import Kernels

/// The compounding rounds: M(i) = finetune(M(i−1), a sample of D1 ∪ … ∪ Di), each evaluated on every dataset.
///
/// Weights, or the adapters that are trained in their place, stay on the device from M0 to the last model; they leave it
/// only for checkpoints.
package final class CompoundingRun {
  private let recipe: Recipe
  private let material: RunInputs
  private let device: RunOnDevice
  private let evaluator: RunEvaluator
  private let recorder: RunRecorder
  private let folder: RunFolder
  private let checkpoint: RunCheckpoint
  private let saver: StateSaver
  private let executor: any Executor
  private let observer: RunObserver
  /// Held as long as this object lives; nil before a new run's folder is made.
  private var lock: RunLock?
  /// Of M0's weights, as its record has it; nil where they are drawn from the seed.
  private var baseSha256: String?

  /// How a run's checkpoint says that products were computed, for the executor that is to go on with it.
  package static func recordedTuning(_ recipe: Recipe) throws(FileError) -> RunState.Tuning? {
    try RunCheckpoint(RunFolder(recipe.outputDirectory).checkpoint).recordedTuning()
  }

  /// Opens everything that the recipe names, checks that it fits, and allocates it; nothing is written yet.
  ///
  /// - Parameter lock: of the run's folder, where it was taken already.
  package init(_ recipe: Recipe, executor: any Executor, observer: RunObserver, lock: RunLock? = nil) throws {
    precondition(executor.operands == recipe.precision.operands, "an executor of another precision than the recipe's")
    self.recipe = recipe
    self.executor = executor
    self.observer = observer
    self.lock = lock
    folder = RunFolder(recipe.outputDirectory)
    checkpoint = RunCheckpoint(folder.checkpoint)
    material = try RunInputs(recipe, note: observer.note)
    let tasks = try RunTasks(material)
    try Interruption.check()
    device = try RunOnDevice(material, tasks: tasks, executor: executor)
    saver = StateSaver(recipe: recipe, device: device, checkpoint: checkpoint)
    evaluator = RunEvaluator(material, tasks: tasks, device: device)
    recorder = RunRecorder(material: material, device: device, folder: folder)
  }

  /// Trains the rounds that are left, and returns what all of them brought.
  ///
  /// - Parameters:
  ///   - resuming: go on from the checkpoint, if there is one.
  ///   - accepted: keys of the recipe that may have changed since the run was started.
  package func run(resuming: Bool, accepting accepted: [String] = []) throws -> RunSummary {
    if lock == nil { lock = try folder.create(resuming: resuming, note: observer.note) }
    let saved = resuming ? try checkpoint.load() : nil
    var state: RunState
    if let saved { state = try goOn(from: saved, accepting: accepted) } else { state = try start() }
    let logs = try RunLogs(folder, upTo: state)
    if state.round > recipe.rounds.count { observer.note("the run is finished: nothing is left to train") }
    while state.round <= recipe.rounds.count { try train(&state, logs: logs) }
    return try RunSummary(state, recipe: recipe, folder: folder)
  }

  /// Makes a saved state the device's, and clears what a run that was killed left.
  private func goOn(from saved: (state: RunState, folder: URL), accepting accepted: [String]) throws -> RunState {
    var state = saved.state
    try folder.checkReadable()
    try RunResumption(recipe: recipe, material: material, folder: folder, accepted: accepted).check(&state)
    baseSha256 = try RoundSummary(folder: folder.round(0, "base"))?.hash
    try restore(state, from: saved.folder)
    let tuning = RunState.Tuning(executor)
    if let before = state.tuning, before != tuning {
      observer.note(
        "products are computed otherwise than before (on \(before.device)): the last bits of the rest may differ")
    }
    state.tuning = tuning
    try folder.clearLeftovers()
    // A run that was killed after a round's last state has not drawn it.
    if state.round > 1, state.files.isEmpty, try folder.lacksReport() { try RunReport(folder: folder.url).write() }
    return state
  }

  // MARK: - The base

  private func start() throws -> RunState {
    try folder.checkStart()
    try folder.clearLeftovers()
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
    if evaluation.losses.allSatisfy({ $0 == nil }), let problem = try evaluator.problem(of: evaluation.losses) {
      throw RoundError.modelNotFinite(round: "base", problem: problem)
    }
    state.transfer.append(evaluation)
    baseSha256 = try recorder.recordBase(evaluation)
    state.parentSha256 = baseSha256
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
    if !state.files.isEmpty { try saver.restore(state, from: saved) }
    observer.note("resumed in round \(state.round) after step \(state.step)")
  }

  // MARK: - A round

  private func train(_ state: inout RunState, logs: RunLogs) throws {
    let round = recipe.rounds[state.round - 1]
    if state.step == 0, let signal = Interruption.signal {
      throw RoundError.interrupted(signal: signal, round: round.name, step: 0)
    }
    let trainer = try RoundTrainer(index: state.round, material: material, device: device)
    observer.note("round \(state.round) of \(recipe.rounds.count), \(round.name): \(trainer.totalSteps) steps")
    if state.step == 0 {
      try device.step.resetOptimizer()
      try device.adapters?.begin(round: state.round, seed: recipe.seed)
      state.beginRound(datasets: trainer.datasets.count)
    }
    state.countRows(of: trainer.datasets.count)
    var stopwatch = Stopwatch()
    if state.pending != .ending || (state.step < trainer.totalSteps && !state.stoppedEarly) {
      // A round that an accepted change made longer goes on.
      if state.pending == .ending { state.pending = nil }
      try trainer.run(&state, metrics: logs.metrics, observer: observer, hooks: hooks(of: round, logs))
      stopwatch = Stopwatch()
      try chooseModel(&state, settings: round.settings)
      state.pending = .ending
    }
    let evaluation = try evaluate(round.name, pause: saver.pause(state))
    state.seconds += stopwatch.lap()
    try end(&state, trainer: trainer, evaluation)
  }

  private func hooks(of round: ResolvedRound, _ logs: RunLogs) -> RoundTrainer.Hooks {
    RoundTrainer.Hooks(
      save: saver.save,
      evaluate: { [self] state in
        let losses = try evaluator.losses(pause: saver.pause(state))
        note(losses, after: "\(round.name), step \(state.step)")
        try logs.evaluations.append(
          EvaluationLine(round: state.round, name: round.name, step: state.step, losses: losses))
        return losses
      },
      keepBest: device.keepBest, areNotFinite: evaluator.areNotFinite)
  }

  /// Where the best model is asked for: the current one, unless an earlier one of the round has a lower held-out loss.
  private func chooseModel(_ state: inout RunState, settings: TrainingSettings) throws {
    guard settings.loadBestModelAtEnd else { return }
    let loss = RoundTrainer.mean(try evaluator.losses(pause: saver.pause(state)), through: state.round)
    if let best = state.best, best.loss <= loss ?? .infinity {
      try device.restoreBest()
      observer.note("the best model is that of step \(best.step)")
    } else if let loss {
      state.best = RunState.Best(step: state.step, loss: loss, evaluationsSince: 0)
      try device.keepBest()
    }
  }

  /// Records the round and its model, and makes it the last, unless the gate refuses it.
  private func end(_ state: inout RunState, trainer: RoundTrainer, _ evaluation: RunEvaluator.Evaluation) throws {
    let name = trainer.round.name
    let beginning = state.restarted
    let losses = state.transfer.loss.last
    state.transfer.append(evaluation)
    let limit = trainer.round.settings.maxForgetting
    let refusal = state.transfer.worstForgetting.flatMap { worst in
      limit.flatMap { worst.nats > $0 ? (worst.dataset, worst.nats, $0) : nil }
    }
    let target = folder.round(state.round, refusal == nil ? name : name + ".refused")
    let before = executor.ledger
    let sha256: String
    do {
      if let problem = try evaluator.problem(of: evaluation.losses, since: losses) {
        throw RoundError.modelNotFinite(round: name, problem: problem)
      }
      sha256 = try recorder.saveModel(to: target, round: state.round, baseSha256: baseSha256)
    } catch RoundError.modelNotFinite(let round, let problem) {
      // A checkpoint within the round may have such weights too.
      try checkpoint.saveBetweenRounds(beginning)
      throw RoundError.modelNotFinite(round: round, problem: problem)
    }
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
    let evaluation = try evaluator.evaluate(pause: pause) { note($0, after: what) }
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
}

extension TransferMatrix {
  fileprivate mutating func append(_ evaluation: RunEvaluator.Evaluation) {
    append(loss: evaluation.losses, scores: evaluation.scores, general: evaluation.general)
  }
}
