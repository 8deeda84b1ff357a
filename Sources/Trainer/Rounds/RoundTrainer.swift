import GPUTensor
import Kernels

/// Trains one round; it names every part of the loop.
///
/// `run` is the training loop: draw, step, log, evaluate, judge, save.
struct RoundTrainer {
  /// The round, from 1.
  let index: Int
  let round: ResolvedRound
  /// D1 … Di, and after them the rows of the base replay where there are some.
  let datasets: [Dataset]
  let totalSteps: Int
  private let device: RunOnDevice
  private let evaluator: RunEvaluator
  private let saver: StateSaver
  private let logs: RunLogs
  private let observer: RunObserver
  private let packer: BatchPacker
  private let places: TokenStream.Places
  private let skipped: SkippedSteps
  /// Gives each step the seed of its dropout masks.
  private let dropout: KeyedRandom

  /// Sends the round's union to the device.
  ///
  /// - Parameter state: the state that the round goes on from.
  init(
    _ state: RunState, material: RunInputs, device: RunOnDevice, evaluator: RunEvaluator, saver: StateSaver,
    logs: RunLogs,
    observer: RunObserver
  ) throws {
    index = state.round
    (self.device, self.evaluator, self.saver) = (device, evaluator, saver)
    (self.logs, self.observer) = (logs, observer)
    round = material.recipe.rounds[index - 1]
    let name = round.name
    datasets = material.unions[index - 1]
    packer = material.recipe.packer(ofRound: index, datasets)
    totalSteps = material.recipe.steps(ofRound: index, packer)
    skipped = SkippedSteps(
      round: round.name, totalSteps: totalSteps, datasets: datasets, evaluator: evaluator, note: observer.note)
    dropout = KeyedRandom(material.recipe.seed, UInt64(index), 0x6472_6F70)
    // Until a round has begun, the state's cursor is that of the round before.
    let cursor = state.step == 0 ? PackingCursor() : state.cursor
    let drawn = try material.recipe.drawnSamples(
      ofRound: index, datasets, from: cursor, steps: max(totalSteps - state.step, 0)
    ) {
      try Interruption.check(inRound: name, step: state.step)
    }
    guard TokenStream.tokenCount(datasets) + drawn.totals.tokens <= device.stream.capacity else {
      throw RoundError.unsuitable(
        key: "--accept", problem: "round \(name) would draw more tokens than its recipe plans memory for",
        remedy: "restore the recipe, or begin a new run")
    }
    places = try device.stream.load(datasets, drawn: drawn, into: device.executor)
    if let fault = datasets.compactMap({ $0.drawn?.fault }).first { throw fault }
  }

  // MARK: - The loop

  /// Trains from `state` on to the round's last step, or until the round ends early, and chooses the round's model.
  ///
  /// - Throws: `RoundError.interrupted` where a signal came: the state is saved; `RoundError.lossNotFinite`.
  func run(_ state: inout RunState) throws {
    if state.pending == .ending {
      guard state.step < totalSteps, !state.stoppedEarly else { return }
      // A round that an accepted change made longer goes on.
      state.pending = nil
    }
    let settings = round.settings
    let schedule = settings.schedule(steps: totalSteps)
    var stopwatch = Stopwatch()
    if state.pending == .evaluation { try judge(evaluate(&state), &state) }
    var unread = PendingSteps(first: state.step + 1, ledger: device.executor.ledger)
    while state.step < totalSteps, !state.stoppedEarly {
      state.step += 1

      // Draw.
      let batches = try draw(&state)

      // Step: enqueued, not waited for.
      let rate = schedule.rate(step: state.step)
      try device.step.run(
        batches, places: places, plans: device.plans[index - 1], learningRate: rate, number: state.step,
        seed: dropout.bits(UInt64(state.step)))
      unread.add(batches, learningRate: rate, ledger: device.executor.ledger)

      let isLast = state.step == totalSteps
      let saves = state.step % settings.saveSteps == 0 && !isLast
      let evaluates = settings.evalSteps.map { state.step % $0 == 0 && !isLast } ?? false
      let signal = Interruption.signal
      guard state.step % settings.loggingSteps == 0 || isLast || saves || evaluates || signal != nil || unread.isFull
      else { continue }

      // Log: the numbers of the steps since the last log are read.
      try log(unread, &state)
      state.seconds += stopwatch.lap()

      // Evaluate and judge before saving: a run that goes on from the checkpoint does not ask again.
      if evaluates {
        try judge(evaluate(&state), &state)
        state.seconds += stopwatch.lap()
      }

      // Save.
      if saves || signal != nil { try saver.save(state) }
      if let signal { throw RoundError.interrupted(signal: signal, round: round.name, step: state.step) }
      unread = PendingSteps(first: state.step + 1, ledger: device.executor.ledger)
    }
    try chooseModel(&state)
    state.seconds += stopwatch.lap()
    state.pending = .ending
  }

  /// Draws the step's micro-batches.
  private func draw(_ state: inout RunState) throws -> [MicroBatch] {
    var batches: [MicroBatch] = []
    for _ in 0..<round.settings.gradientAccumulationSteps {
      let next = packer.next(after: state.cursor)
      state.cursor = next.cursor
      batches.append(next.batch)
      try observer.batch(next.batch, datasets)
      for segment in next.batch.segments {
        state.rowsSeen[segment.dataset] += 1
        state.tokensSeen[segment.dataset] += segment.length
      }
    }
    return batches
  }

  /// Reads the numbers of the steps so far, writes their lines, and looks for steps that were skipped.
  private func log(_ unread: PendingSteps, _ state: inout RunState) throws {
    let statistics = try device.step.statistics(from: unread.first, through: state.step)
    let lines = unread.lines(statistics, round: index, name: round.name, ledger: device.executor.ledger)
    for line in lines { try logs.metrics.append(line) }
    if let last = lines.last { observer.step(last, totalSteps) }
    try skipped.check(statistics, of: unread, &state)
  }

  /// Measures the held-out losses of every dataset within the round. A run that is stopped meanwhile begins with it.
  private func evaluate(_ state: inout RunState) throws -> [Double?] {
    state.pending = .evaluation
    let losses = try evaluator.losses(after: "\(round.name), step \(state.step)", pause: saver.pause(state))
    try logs.evaluations.append(EvaluationLine(round: index, name: round.name, step: state.step, losses: losses))
    state.pending = nil
    return losses
  }

  /// Compares held-out losses with the lowest of the round so far: a lower mean over the datasets seen so far is the best,
  /// and the round ends early after too many evaluations without one.
  private func judge(_ losses: [Double?], _ state: inout RunState) throws {
    let settings = round.settings
    let loss = mean(losses)
    if let loss, loss < (state.best?.loss ?? .infinity) - settings.earlyStoppingThreshold {
      state.best = RunState.Best(step: state.step, loss: loss, evaluationsSince: 0)
      if settings.loadBestModelAtEnd { try device.keepBest() }
      return
    }
    state.best?.evaluationsSince += 1
    // A round without one finite step goes on until that is an error.
    guard let patience = settings.earlyStoppingPatience, let best = state.best, best.evaluationsSince >= patience,
      state.lastLoss != nil
    else { return }
    state.stoppedEarly = true
    observer.note(
      "round \(round.name) ends early after step \(state.step): the held-out loss was lowest after step \(best.step)")
  }

  /// Makes the best model of the round the current one, where the settings ask for it: the last, unless an earlier one has
  /// a lower held-out loss.
  private func chooseModel(_ state: inout RunState) throws {
    guard round.settings.loadBestModelAtEnd else { return }
    let loss = mean(try evaluator.losses(pause: saver.pause(state)))
    if let best = state.best, best.loss <= loss ?? .infinity {
      try device.restoreBest()
      observer.note("the best model is that of step \(best.step)")
    } else if let loss {
      state.best = RunState.Best(step: state.step, loss: loss, evaluationsSince: 0)
      try device.keepBest()
    }
  }

  /// The mean of the known held-out losses of D1 … Di; nil where there is none.
  private func mean(_ losses: [Double?]) -> Double? { ScoreTable.mean(Array(losses.prefix(index))) }
}
