import GPUTensor
import Kernels

/// Trains one round: draws, packs, steps, and reads the numbers when it logs.
struct RoundTrainer {
  /// How many steps in a row may be without finite numbers; each of them is skipped on the device.
  private static let patience = 5

  /// What a round asks of its run.
  struct Hooks {
    /// Saves a state with all that is on the device.
    let save: (RunState) throws -> Void
    /// Measures the held-out losses of every dataset, in a state to which a run that is stopped meanwhile goes back.
    let evaluate: (RunState) throws -> [Double?]
    /// Keeps the current weights as the best so far.
    let keepBest: () throws -> Void
    /// Which samples have no finite loss.
    let areNotFinite: ([Sample]) throws -> [Bool]
  }

  let index: Int
  let round: ResolvedRound
  /// D1 … Di, and after them the rows of the base replay where there are some.
  let datasets: [Dataset]
  let totalSteps: Int
  private let places: TokenStream.Places
  private let device: RunOnDevice
  private let packer: BatchPacker
  /// Gives each step the seed of its dropout masks.
  private let dropout: KeyedRandom

  /// - Parameter index: of the round, from 1.
  init(index: Int, material: RunInputs, device: RunOnDevice) throws {
    self.index = index
    self.device = device
    round = material.recipe.rounds[index - 1]
    datasets = material.unions[index - 1]
    let settings = round.settings
    let sampler = UnionSampler(
      rowCounts: datasets.prefix(index).map(\.samples.count), names: datasets.map(\.name),
      baseRows: datasets.count > index ? datasets[index].samples.count : nil,
      settings: .init(union: settings.union, shuffle: settings.shuffle, reverseShare: settings.objective.reverse),
      seed: material.recipe.seed, round: index)
    dropout = KeyedRandom(material.recipe.seed, UInt64(index), 0x6472_6F70)
    packer = BatchPacker(datasets: datasets, sampler: sampler, settings: settings.packer)
    switch settings.duration {
    case .steps(let steps): totalSteps = steps
    case .epochs(let epochs):
      totalSteps = packer.numberOfSteps(
        epochs: epochs, gradientAccumulationSteps: settings.gradientAccumulationSteps)
    }
    places = try device.stream.load(datasets, into: device.executor)
  }

  /// Trains from `state` on, until the round's last step, or until it ends early.
  func run(
    _ state: inout RunState, metrics: StepLog<MetricsLine>, observer: RunObserver, hooks: Hooks
  ) throws {
    let settings = round.settings
    let schedule = settings.schedule(steps: totalSteps)
    var stopwatch = Stopwatch()
    if state.pending == .evaluation { try evaluate(&state, observer: observer, hooks: hooks) }
    var pending = PendingSteps(first: state.step + 1, ledger: device.executor.ledger)
    while state.step < totalSteps, !state.stoppedEarly {
      state.step += 1
      let batches = try draw(&state, observer)
      let rate = schedule.rate(step: state.step)
      try device.step.run(
        batches, places: places, plans: device.plans[index - 1], learningRate: rate, number: state.step,
        seed: dropout.bits(UInt64(state.step)))
      pending.add(batches, learningRate: rate, ledger: device.executor.ledger)

      let isLast = state.step == totalSteps
      let saves = state.step % settings.saveSteps == 0 && !isLast
      let evaluates = settings.evalSteps.map { state.step % $0 == 0 && !isLast } ?? false
      let signal = Interruption.signal
      guard state.step % settings.loggingSteps == 0 || isLast || saves || evaluates || signal != nil || pending.isFull
      else { continue }
      try read(pending, &state, metrics: metrics, observer: observer, hooks: hooks)
      // The checkpoint knows what the evaluation came to: a run that goes on from it does not ask again.
      if evaluates {
        state.seconds += stopwatch.lap()
        try evaluate(&state, observer: observer, hooks: hooks)
      }
      state.seconds += stopwatch.lap()
      if saves || signal != nil { try hooks.save(state) }
      if let signal { throw RoundError.interrupted(signal: signal, round: round.name, step: state.step) }
      pending = PendingSteps(first: state.step + 1, ledger: device.executor.ledger)
    }
  }

  /// The step's micro-batches.
  private func draw(_ state: inout RunState, _ observer: RunObserver) throws -> [MicroBatch] {
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

  /// Reads the numbers of the steps so far, and writes their lines.
  private func read(
    _ pending: PendingSteps, _ state: inout RunState, metrics: StepLog<MetricsLine>, observer: RunObserver, hooks: Hooks
  ) throws {
    let statistics = try device.step.statistics(from: pending.first, through: state.step)
    let lines = pending.lines(statistics, round: index, name: round.name, ledger: device.executor.ledger)
    for line in lines { try metrics.append(line) }
    if let last = lines.last { observer.step(last, totalSteps) }
    for (step, numbers) in zip(pending.first..., statistics) {
      guard !numbers.isFinite else {
        state.stepsNotFinite = 0
        state.lastLoss = numbers.loss
        continue
      }
      state.stepsNotFinite += 1
      let rows = try suspects(pending.batches(ofStep: step), hooks)
      observer.note(
        "round \(round.name), step \(step): loss or gradient is not finite, its update is skipped; it read \(rows)")
      // A round without one finite step has learned nothing.
      if state.stepsNotFinite == Self.patience || (step == totalSteps && state.lastLoss == nil) {
        throw RoundError.lossNotFinite(round: round.name, step: step, steps: state.stepsNotFinite, rows: rows)
      }
    }
  }

  /// The places of the rows of a step that have no finite loss by themselves; of all its rows where none is so.
  private func suspects(_ batches: [MicroBatch], _ hooks: Hooks) throws -> String {
    let segments = batches.flatMap(\.segments)
    let isNotFinite = try hooks.areNotFinite(
      segments.map { datasets[$0.dataset].sample($0.sample, reversed: $0.reversed) })
    let poisoned = zip(segments, isNotFinite).filter(\.1).map(\.0)
    let places = (poisoned.isEmpty ? segments : poisoned).map { datasets[$0.dataset].place(of: $0.sample) }
    let shown = 5
    return places.prefix(shown).joined(separator: ", ")
      + (places.count > shown ? " and \(places.count - shown) more" : "")
  }

  /// Measures the held-out losses within the round, and judges them.
  private func evaluate(_ state: inout RunState, observer: RunObserver, hooks: Hooks) throws {
    state.pending = .evaluation
    let losses = try hooks.evaluate(state)
    state.pending = nil
    try judge(losses, &state, observer: observer, hooks: hooks)
  }

  /// Compares held-out losses within the round with the lowest so far: the mean over the datasets seen so far.
  private func judge(_ losses: [Double?], _ state: inout RunState, observer: RunObserver, hooks: Hooks) throws {
    let settings = round.settings
    let loss = Self.mean(losses, through: index)
    if let loss, loss < (state.best?.loss ?? .infinity) - settings.earlyStoppingThreshold {
      state.best = RunState.Best(step: state.step, loss: loss, evaluationsSince: 0)
      if settings.loadBestModelAtEnd { try hooks.keepBest() }
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

  /// The mean of the known held-out losses of the datasets that `rounds` rounds brought; nil where there is none.
  static func mean(_ losses: [Double?], through rounds: Int) -> Double? {
    ScoreTable.mean(Array(losses.prefix(rounds)))
  }
}
