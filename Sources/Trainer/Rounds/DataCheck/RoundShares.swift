/// The shares of a round's datasets in what the round reads: rows, tokens, and supervised tokens, which are its loss.
///
/// The round's own packer is walked over the round's steps, so that the shares are those of the run, not those of the
/// files: a tenth of the rows can be six tenths of the loss.
package struct RoundShares: Encodable, Sendable {
  /// The part of one dataset.
  package struct Part: Encodable, Sendable {
    package let name: String
    /// Samples of the dataset, or of the subset of it that the round draws from.
    package let rows: Int
    /// Draws of its samples.
    package fileprivate(set) var draws = 0
    package fileprivate(set) var tokens = 0
    package fileprivate(set) var supervisedTokens = 0
    /// Sum of the supervised tokens' weights, which the loss goes by.
    package fileprivate(set) var supervisedWeight = 0.0
    /// Passes over its rows in the whole round.
    package fileprivate(set) var passes = 0.0
    package fileprivate(set) var shareOfRows = 0.0
    package fileprivate(set) var shareOfTokens = 0.0
    /// Its share in the sum of the supervised tokens' weights.
    package fileprivate(set) var shareOfSupervised = 0.0

    fileprivate init(name: String, rows: Int) {
      self.name = name
      self.rows = rows
    }
  }

  package let name: String
  /// Optimiser steps of the round; an estimate where not all of it was walked.
  package private(set) var steps = 0
  /// True where the round was walked to its end: all numbers are exact.
  package private(set) var isWhole = true
  /// D1 … Di, and after them the rows of a base replay.
  package private(set) var parts: [Part]

  /// Walks a round.
  ///
  /// - Parameters:
  ///   - index: the round, from 1.
  ///   - datasets: its union.
  ///   - limit: the most micro-batches to walk.
  package init(_ recipe: Recipe, round index: Int, over datasets: [Dataset], limit: Int = .max) {
    let settings = recipe.rounds[index - 1].settings
    let packer = recipe.packer(ofRound: index, datasets)
    let sampler = packer.sampler
    let accumulation = settings.gradientAccumulationSteps
    name = recipe.rounds[index - 1].name
    parts = zip(datasets, sampler.poolCounts).map { Part(name: $0.name, rows: $1) }
    var cursor = PackingCursor()
    var batches = 0
    /// The part of the round that is walked, from 0 to 1, while its end is still ahead.
    func progress() -> Double {
      switch settings.duration {
      case .steps(let steps): Double(batches) / Double(steps * accumulation)
      case .epochs(let epochs):
        Double(cursor.nextPosition - cursor.heldBack.count) / Double(max(sampler.draws(epochs: epochs), 1))
      }
    }
    func isAtEnd() -> Bool {
      switch settings.duration {
      case .steps(let steps): batches >= steps * accumulation
      case .epochs(let epochs):
        batches % accumulation == 0 && cursor.hasUsedAll(below: sampler.draws(epochs: epochs))
      }
    }
    while !isAtEnd(), batches < limit {
      let next = packer.next(after: cursor)
      cursor = next.cursor
      batches += 1
      for segment in next.batch.segments { parts[segment.dataset].count(segment) }
    }
    isWhole = isAtEnd()
    let walked = isWhole ? 1 : min(progress(), 1)
    steps = Int((Double(batches) / Double(accumulation) / walked).rounded())
    share(walked: walked)
  }

  private mutating func share(walked: Double) {
    let draws = parts.reduce(0) { $0 + $1.draws }
    let tokens = parts.reduce(0) { $0 + $1.tokens }
    let weight = parts.reduce(0) { $0 + $1.supervisedWeight }
    for index in parts.indices {
      let part = parts[index]
      parts[index].passes = Double(part.draws) / Double(max(part.rows, 1)) / walked
      parts[index].shareOfRows = Double(part.draws) / Double(max(draws, 1))
      parts[index].shareOfTokens = Double(part.tokens) / Double(max(tokens, 1))
      parts[index].shareOfSupervised = weight > 0 ? part.supervisedWeight / weight : 0
    }
  }
}

extension RoundShares.Part {
  fileprivate mutating func count(_ segment: Segment) {
    draws += 1
    tokens += segment.length
    supervisedTokens += segment.targetCount
    supervisedWeight += segment.targetWeight
  }
}
