/// metrics.jsonl by columns, one element a step, in the order of the file; NaN where a number is missing.
package struct StepRecords: Sendable {
  /// A round's part of the columns.
  package struct Round: Sendable, Equatable {
    /// The round's number, from 1, and its name.
    package var number: Int
    package var name: String
    package var range: Range<Int>
    /// Steps before the round's first, over all rounds.
    package var stepsBefore: Int
    /// The last step that was taken, from 1 in the round.
    package var lastStep: Int
  }

  package private(set) var rounds: [Round] = []
  /// Steps counted over all rounds, from 1.
  package private(set) var globalSteps: [Int] = []
  /// Mean token loss, in nats.
  package private(set) var losses: [Double] = []
  package private(set) var learningRates: [Double] = []
  /// Before clipping.
  package private(set) var gradientNorms: [Double] = []
  package private(set) var tokensPerSecond: [Double] = []
  /// Without padding.
  package private(set) var tokens: [Int] = []
  package private(set) var bytesToDevice: [Int] = []
  package private(set) var bytesFromDevice: [Int] = []

  package var count: Int { globalSteps.count }

  /// No steps.
  package init() {}

  /// Reads the file at `path`; no steps where it is absent.
  package init(path: String) throws(FileError) {
    try RecordLines.read(path) { line throws(FileError) in
      if let plain = StepLine(line.bytes) { append(plain) } else { append(try StepLine(try line.object())) }
    }
  }

  /// Steps taken over all rounds before and in `number`, up to its step `step`; nil for a round without steps.
  package func globalStep(round number: Int, step: Int) -> Int? {
    rounds.first { $0.number == number }.map { $0.stepsBefore + step }
  }

  private mutating func append(_ line: StepLine) {
    guard let number = line.round, let step = line.step else { return }
    if rounds.last?.number != number {
      let before = rounds.last.map { $0.stepsBefore + $0.lastStep } ?? 0
      rounds.append(
        Round(number: number, name: line.name ?? "\(number)", range: count..<count, stepsBefore: before, lastStep: 0))
    }
    let last = rounds.count - 1
    rounds[last].range = rounds[last].range.lowerBound..<count + 1
    rounds[last].lastStep = step
    globalSteps.append(rounds[last].stepsBefore + step)
    losses.append(line.loss ?? .nan)
    learningRates.append(line.learningRate ?? .nan)
    gradientNorms.append(line.gradientNorm ?? .nan)
    tokensPerSecond.append(line.tokensPerSecond ?? .nan)
    tokens.append(line.tokens ?? 0)
    bytesToDevice.append(line.bytesToDevice ?? 0)
    bytesFromDevice.append(line.bytesFromDevice ?? 0)
  }
}
