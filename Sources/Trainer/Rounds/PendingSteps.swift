import Dispatch
import Kernels

/// Steps that were enqueued and whose numbers have not been read yet.
struct PendingSteps {
  private struct Entry {
    let batches: [MicroBatch]
    let learningRate: Double
    let bytesToDevice: Int

    var tokens: Int { batches.reduce(0) { $0 + $1.tokenCount } }
    var supervisedTokens: Int { batches.reduce(0) { $0 + $1.supervisedCount } }
  }

  /// The number of the first step.
  let first: Int
  private var entries: [Entry] = []
  private var ledger: TransferLedger
  private let start = DispatchTime.now()

  init(first: Int, ledger: TransferLedger) {
    self.first = first
    self.ledger = ledger
  }

  /// True where the device has no room for the numbers of another step.
  var isFull: Bool { entries.count == TrainingStep.statisticsSlots }

  /// Seconds since the first step was drawn.
  var seconds: Double { Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9 }

  /// Takes in a step that was enqueued.
  mutating func add(_ batches: [MicroBatch], learningRate: Double, ledger: TransferLedger) {
    entries.append(
      Entry(batches: batches, learningRate: learningRate, bytesToDevice: (ledger - self.ledger).bytesToDevice))
    self.ledger = ledger
  }

  /// The micro-batches of a step.
  func batches(ofStep step: Int) -> [MicroBatch] { entries[step - first].batches }

  /// The lines of all steps for `metrics.jsonl`; the bytes that were read back count for the last one.
  func lines(
    _ statistics: [TrainingStep.Statistics], round: Int, name: String, ledger: TransferLedger
  ) -> [MetricsLine] {
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
