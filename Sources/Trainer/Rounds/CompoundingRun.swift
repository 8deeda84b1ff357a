import Foundation
import GPUTensor
import Kernels

/// The compounding rounds; a run names every part that its rounds put in order.
///
/// M(i) = finetune(M(i−1), a sample of D1 ∪ … ∪ Di), each evaluated on every dataset.
/// Weights, or the adapters that are trained in their place, stay on the device from M0 to the last model; they leave it
/// only for checkpoints.
package final class CompoundingRun {
  private let recipe: Recipe
  private let material: RunInputs
  private let device: RunOnDevice
  private let evaluator: RunEvaluator
  private let recorder: RunRecorder
  private let folder: RunFolder
  private let saver: StateSaver
  private let observer: RunObserver
  /// Held as long as this object lives; nil before a new run's folder is made.
  private var lock: RunLock?
  /// SHA-256 of M0's weights, as its record has it; nil where they are drawn from the seed.
  private var baseSha256: String?

  /// Opens everything that the recipe names, checks that it fits, and allocates it; nothing is written yet.
  ///
  /// - Parameter lock: the lock of the run's folder, where it was taken already.
  package init(_ recipe: Recipe, executor: any Executor, observer: RunObserver, lock: RunLock? = nil) throws {
    precondition(executor.operands == recipe.precision.operands, "an executor of another precision than the recipe's")
    self.observer = observer
    self.lock = lock
    folder = RunFolder(recipe.outputDirectory)
    material = try RunInputs(recipe, note: observer.note)
    self.recipe = material.recipe
    try Interruption.check()
    device = try RunOnDevice(material.shape, executor: executor)
    try FittingSettings.check(device)
    try device.allocate()
    saver = StateSaver(material: material, device: device, folder: folder)
    evaluator = RunEvaluator(material, device: device, note: observer.note)
    recorder = RunRecorder(material: material, device: device, folder: folder)
  }

  /// Trains the rounds that are left, and returns the summary of all rounds.
  ///
  /// - Parameters:
  ///   - resuming: true to go on from the checkpoint, if there is one.
  ///   - accepted: keys of the recipe that may have changed since the run was started.
  package func run(resuming: Bool, accepting accepted: [String] = []) throws -> RunSummary {
    if lock == nil { lock = try folder.create(resuming: resuming, note: observer.note) }
    let saved = resuming ? try saver.load() : nil
    var state: RunState
    if let saved { state = try goOn(from: saved, accepting: accepted) } else { state = try start() }
    let logs = try RunLogs(folder, upTo: state)
    if state.round > recipe.rounds.count { observer.note("the run is finished: nothing is left to train") }
    while state.round <= recipe.rounds.count { try train(&state, logs: logs) }
    return try RunSummary(state, recipe: recipe, folder: folder)
  }

  // MARK: - The beginning

  /// Measures and records M0.
  private func start() throws -> RunState {
    try saver.start()
    var state = RunState(
      round: 1, transfer: TransferMatrix(datasets: recipe.rounds.map(\.name)), recipe: recipe.yaml,
      datasets: material.fileHashes, tokenizer: material.learnedTokenizerHash)
    state.tuning = RunState.Tuning(device.executor)
    let evaluation = try evaluator.evaluate(after: "M0") {
      // Nothing has been trained: a resumed run starts here again.
      try Interruption.check(inRound: "base", step: 0)
    }
    if evaluation.losses.allSatisfy({ $0 == nil }), let problem = try evaluator.problem(of: evaluation.losses) {
      throw RoundError.modelNotFinite(round: "base", problem: problem)
    }
    state.transfer.append(evaluation)
    baseSha256 = try recorder.recordBase(evaluation)
    state.parentSha256 = baseSha256
    try TransferFile(state.transfer).write(in: folder.url)
    try saver.saveBetweenRounds(state)
    return state
  }

  /// Makes a saved state the device's, and clears the files that a run which was killed left half written.
  private func goOn(from saved: (state: RunState, folder: URL), accepting accepted: [String]) throws -> RunState {
    var state = saved.state
    try folder.checkReadable()
    try RunResumption(recipe: recipe, material: material, folder: folder, accepted: accepted).check(&state)
    baseSha256 = try saver.recordedBaseHash()
    try saver.restore(state, from: saved.folder)
    observer.note("resumed in round \(state.round) after step \(state.step)")
    let tuning = RunState.Tuning(device.executor)
    if let before = state.tuning, before != tuning {
      observer.note(
        "products are computed otherwise than before (on \(before.device)): the last bits of the rest may differ")
    }
    state.tuning = tuning
    try folder.clearLeftovers()
    // A run that was killed after a round's last state has not told of the round's end.
    if state.round > 1, state.files.isEmpty, try folder.lacksReport() { try observer.roundEnded() }
    return state
  }

  // MARK: - A round

  /// Round i: loads its union, trains M(i), measures it on every dataset, judges it, and keeps it or refuses it.
  private func train(_ state: inout RunState, logs: RunLogs) throws {
    let name = recipe.rounds[state.round - 1].name
    if state.step == 0 { try Interruption.check(inRound: name, step: 0) }
    let trainer = try RoundTrainer(
      state, material: material, device: device, evaluator: evaluator, saver: saver, logs: logs,
      observer: observer)
    observer.note("round \(state.round) of \(recipe.rounds.count), \(name): \(trainer.totalSteps) steps")
    if state.step == 0 {
      try device.step.resetOptimizer()
      try device.adapters?.begin(round: state.round, seed: recipe.seed, initial: material.initialAdapter)
      state.beginRound(datasets: trainer.datasets.count)
    }
    state.countRows(of: trainer.datasets.count)
    try trainer.run(&state)

    let evaluation = try evaluator.evaluate(after: name, pause: saver.pause(state))
    state.seconds += evaluation.seconds

    // The gate: a round that harms an earlier dataset is kept aside, and the run ends.
    let beginning = state.restarted
    let losses = state.transfer.loss.last
    state.transfer.append(evaluation)
    let harm = state.transfer.harm(over: trainer.round.settings.maxForgetting)
    let target = folder.round(state.round, harm == nil ? name : name + ".refused")
    let sha256 = try save(state, trainer: trainer, evaluation, since: losses, beginning: beginning, to: target)
    if let harm {
      // A resumed run takes the round from its beginning: under other settings, once they are accepted.
      try saver.saveBetweenRounds(beginning)
      try observer.roundEnded()
      throw RoundError.refused(
        round: name, dataset: harm.dataset, nats: harm.nats, limit: harm.limit, kept: target.path)
    }

    try TransferFile(state.transfer).write(in: folder.url)
    try folder.linkFinal(to: target)
    if state.round < recipe.rounds.count, let folded = try device.foldAdapter(round: state.round) {
      observer.note(
        "the adapter of \(name) is folded into the model: the logits of \(folded.tokens) tokens differ by at most "
          + "\(folded.difference)")
    }
    state.endRound(sha256: sha256)
    try saver.saveBetweenRounds(state)
    try observer.roundEnded()
  }

  /// Saves the round's model with its record.
  ///
  /// - Parameters:
  ///   - losses: the held-out losses of the model before.
  ///   - beginning: the state from which a resumed run takes the round again.
  /// - Returns: the SHA-256 of the trained weights.
  /// - Throws: `RoundError.modelNotFinite` where the model computes nothing: no file of it is left.
  private func save(
    _ state: RunState, trainer: RoundTrainer, _ evaluation: RunEvaluator.Evaluation, since losses: [Double?]?,
    beginning: RunState, to target: URL
  ) throws -> String {
    let before = device.executor.ledger
    let sha256: String
    do {
      if let problem = try evaluator.problem(of: evaluation.losses, since: losses) {
        throw RoundError.modelNotFinite(round: trainer.round.name, problem: problem)
      }
      sha256 = try recorder.saveModel(to: target, round: state.round, baseSha256: baseSha256)
    } catch RoundError.modelNotFinite(let round, let problem) {
      // A checkpoint within the round may have such weights too.
      try saver.saveBetweenRounds(beginning)
      throw RoundError.modelNotFinite(round: round, problem: problem)
    }
    try recorder.record(
      state, trainer: trainer, evaluation: evaluation, sha256: sha256, save: device.executor.ledger - before,
      in: target)
    return sha256
  }
}

extension TransferMatrix {
  fileprivate mutating func append(_ evaluation: RunEvaluator.Evaluation) {
    append(loss: evaluation.losses, scores: evaluation.scores, general: evaluation.general)
  }

  /// The earlier dataset that the last round harmed most, where its loss rose by more than the limit in nats; nil where
  /// none did, or there is no limit.
  fileprivate func harm(over limit: Double?) -> (dataset: String, nats: Double, limit: Double)? {
    guard let limit, let worst = worstForgetting, worst.nats > limit else { return nil }
    return (worst.dataset, worst.nats, limit)
  }
}
