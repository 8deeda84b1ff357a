import Foundation
import GPUTensor
import Kernels

/// Trains one round: draws, packs, steps, and reads the numbers when it logs.
struct RoundTrainer {
  /// How many steps in a row may be without finite numbers; each of them is skipped on the device.
  private static let patience = 5

  let index: Int
  let round: ResolvedRound
  let datasets: [Dataset]
  let places: [[Int]]
  let step: TrainingStep
  let update: Plan
  let executor: any Executor
  let packer: BatchPacker
  let totalSteps: Int

  init(
    index: Int, material: RunMaterial, stream: TokenStream, step: TrainingStep, update: Plan, executor: any Executor
  ) throws {
    self.index = index
    self.step = step
    self.update = update
    self.executor = executor
    round = material.recipe.rounds[index - 1]
    datasets = material.unions[index - 1]
    let settings = round.settings
    let sampler = UnionSampler(
      rowCounts: datasets.map(\.samples.count),
      settings: .init(union: settings.union, shuffle: settings.shuffle, reverseShare: settings.objective.reverse),
      seed: material.recipe.seed, round: index)
    packer = BatchPacker(datasets: datasets, sampler: sampler, settings: settings)
    switch settings.duration {
    case .steps(let steps): totalSteps = steps
    case .epochs(let epochs):
      totalSteps = packer.numberOfSteps(
        epochs: epochs, gradientAccumulationSteps: settings.gradientAccumulationSteps)
    }
    places = try stream.load(datasets, into: executor)
  }

  /// Trains from `state` on, until the round's last step.
  ///
  /// - Parameters:
  ///   - save: called after each `save_steps`-th step but the last, and before a stop by a signal.
  ///   - evaluate: called after each `eval_steps`-th step but the last.
  func run(
    _ state: inout RunState, metrics: MetricsLog, observer: RunObserver, save: (RunState) throws -> Void,
    evaluate: (Int) throws -> Void
  ) throws {
    let settings = round.settings
    let schedule = settings.schedule(steps: totalSteps)
    var pending = PendingSteps(first: state.step + 1, ledger: executor.ledger)
    var notFinite = 0
    while state.step < totalSteps {
      state.step += 1
      var batches: [MicroBatch] = []
      for _ in 0..<settings.gradientAccumulationSteps {
        let next = packer.next(after: state.cursor)
        state.cursor = next.cursor
        batches.append(next.batch)
        try observer.batch(next.batch, datasets)
        for segment in next.batch.segments {
          state.rowsSeen[segment.dataset] += 1
          state.tokensSeen[segment.dataset] += segment.length
        }
      }
      let rate = schedule.rate(step: state.step)
      try step.run(batches, places: places, update: update, learningRate: rate, number: state.step)
      pending.add(batches, learningRate: rate, ledger: executor.ledger)

      let isLast = state.step == totalSteps
      let saves = state.step % settings.saveSteps == 0 && !isLast
      let evaluates = settings.evalSteps.map { state.step % $0 == 0 && !isLast } ?? false
      let signal = Interruption.signal
      if state.step % settings.loggingSteps == 0 || isLast || saves || evaluates || signal != nil || pending.isFull {
        let statistics = try step.statistics(from: pending.first, through: state.step)
        let lines = pending.lines(statistics, round: index, name: round.name, ledger: executor.ledger)
        for line in lines { try metrics.append(line) }
        if let last = lines.last { observer.step(last, totalSteps) }
        for numbers in statistics {
          notFinite = numbers.isFinite ? 0 : notFinite + 1
          if numbers.isFinite { state.lastLoss = numbers.loss }
          if notFinite == Self.patience { throw RoundError.lossNotFinite(round: round.name, step: state.step) }
        }
        if saves || signal != nil { try save(state) }
        if let signal, !isLast { throw RoundError.interrupted(signal: signal, round: round.name, step: state.step) }
        if evaluates { try evaluate(state.step) }
        pending = PendingSteps(first: state.step + 1, ledger: executor.ledger)
      }
    }
  }
}

/// Steps that were enqueued and whose numbers have not been read yet.
private struct PendingSteps {
  private struct Entry {
    let learningRate: Double
    let tokens: Int
    let supervisedTokens: Int
    let bytesToDevice: Int
  }

  let first: Int
  private var entries: [Entry] = []
  private var ledger: TransferLedger
  private let start = DispatchTime.now()

  init(first: Int, ledger: TransferLedger) {
    self.first = first
    self.ledger = ledger
  }

  var isFull: Bool { entries.count == TrainingStep.statisticsSlots }

  mutating func add(_ batches: [MicroBatch], learningRate: Double, ledger: TransferLedger) {
    entries.append(
      Entry(
        learningRate: learningRate, tokens: batches.reduce(0) { $0 + $1.tokenCount },
        supervisedTokens: batches.reduce(0) { $0 + $1.supervisedCount },
        bytesToDevice: (ledger - self.ledger).bytesToDevice))
    self.ledger = ledger
  }

  /// A line for each step; what was read back stands in the last one's.
  func lines(
    _ statistics: [TrainingStep.Statistics], round: Int, name: String, ledger: TransferLedger
  ) -> [MetricsLine] {
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9
    let tokens = entries.reduce(0) { $0 + $1.tokens }
    let rate = (Double(tokens) / max(seconds, 1e-9) * 10).rounded() / 10
    return zip(entries, statistics).enumerated().map { offset, pair in
      let (entry, numbers) = pair
      return MetricsLine(
        round: round, name: name, step: first + offset, loss: numbers.loss.isFinite ? numbers.loss : nil,
        learningRate: entry.learningRate, gradNorm: numbers.gradientNorm.isFinite ? numbers.gradientNorm : nil,
        tokens: entry.tokens, supervisedTokens: entry.supervisedTokens, tokensPerSecond: rate,
        bytesToDevice: entry.bytesToDevice,
        bytesFromDevice: offset == entries.count - 1 ? (ledger - self.ledger).bytesFromDevice : 0)
    }
  }
}
