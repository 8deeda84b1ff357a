import Foundation

/// Columns of metrics.jsonl, one element a step, in the order of the file; NaN where a number is missing.
package struct StepColumns: Sendable {
  /// Range of one round in the columns.
  package struct Round: Sendable, Equatable {
    /// Number of the round, from 1.
    package var number: Int
    package var name: String
    package var range: Range<Int>
    /// Optimiser steps of all earlier rounds.
    package var stepsBefore: Int
    /// Number of the last step, from 1 in the round.
    package var lastStep: Int
  }

  package private(set) var rounds: [Round] = []
  /// Numbers of the steps over all rounds, from 1.
  package private(set) var globalSteps: [Int] = []
  /// Mean losses of the supervised tokens, in nats.
  package private(set) var losses: [Double] = []
  package private(set) var learningRates: [Double] = []
  /// Global L2 norms of the gradients before clipping.
  package private(set) var gradientNorms: [Double] = []
  package private(set) var tokensPerSecond: [Double] = []
  /// Tokens of each step, without padding.
  package private(set) var tokens: [Int] = []
  package private(set) var bytesToDevice: [Int] = []
  package private(set) var bytesFromDevice: [Int] = []

  package var count: Int { globalSteps.count }

  /// No steps.
  package init() {}

  /// Reads metrics.jsonl in a run's folder; no steps where it is absent.
  package init(folder: URL) throws(FileError) {
    try MetricsFile.read(in: folder) { append($0) }
  }

  /// Number over all rounds of step `step` of round `number`; nil for a round without steps.
  package func globalStep(round number: Int, step: Int) -> Int? {
    rounds.first { $0.number == number }.map { $0.stepsBefore + step }
  }

  private mutating func append(_ line: MetricsLine) {
    if rounds.last?.number != line.round {
      let before = rounds.last.map { $0.stepsBefore + $0.lastStep } ?? 0
      rounds.append(
        Round(number: line.round, name: line.name, range: count..<count, stepsBefore: before, lastStep: 0))
    }
    let last = rounds.count - 1
    rounds[last].range = rounds[last].range.lowerBound..<count + 1
    rounds[last].lastStep = line.step
    globalSteps.append(rounds[last].stepsBefore + line.step)
    losses.append(line.loss ?? .nan)
    learningRates.append(line.learningRate)
    gradientNorms.append(line.gradNorm ?? .nan)
    tokensPerSecond.append(line.tokensPerSecond)
    tokens.append(line.tokens)
    bytesToDevice.append(line.bytesToDevice)
    bytesFromDevice.append(line.bytesFromDevice)
  }
}
