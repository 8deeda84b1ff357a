/// Scores of every dataset after every round, more being better; what follows from them is arithmetic.
///
/// - Source: backward and forward transfer: arXiv:1706.08840; forgetting: arXiv:1801.10112.
package struct ScoreTable: Sendable, Equatable {
  /// [rounds + 1, datasets]: row 0 is M0, row i the model after round i; nil where nothing was measured.
  private let scores: [[Double?]]

  /// - Parameter isBetterHigher: whether the values are scores as they are; of losses the sign is turned.
  package init(_ values: [[Double?]], isBetterHigher: Bool) {
    scores = isBetterHigher ? values : values.map { row in row.map { $0.map { -$0 } } }
  }

  /// Rounds that ended.
  package var rounds: Int { max(scores.count - 1, 0) }

  /// Mean over the earlier datasets of what later rounds added to, or took from, each: negative is forgetting.
  package var backwardTransfer: Double? {
    guard rounds > 1 else { return nil }
    return Self.mean((0..<rounds - 1).map { difference(scores[rounds][$0], scores[$0 + 1][$0]) })
  }

  /// Mean over the later datasets of what earlier rounds gave before their own, against M0.
  package var forwardTransfer: Double? {
    guard rounds > 1 else { return nil }
    return Self.mean((1..<rounds).map { difference(scores[$0][$0], scores[0][$0]) })
  }

  /// Mean over the earlier datasets of how far the last model is behind the best that a round reached.
  package var forgetting: Double? {
    guard rounds > 1 else { return nil }
    return Self.mean((0..<rounds - 1).map(forgetting))
  }

  /// How far the last model is behind the best that a round reached on a dataset.
  package func forgetting(_ dataset: Int) -> Double? {
    // From the dataset's own round on: before it, nothing was there to forget.
    guard dataset + 1 < rounds else { return nil }
    return difference((dataset + 1..<rounds).compactMap { scores[$0][dataset] }.max(), scores[rounds][dataset])
  }

  private func difference(_ a: Double?, _ b: Double?) -> Double? {
    guard let a, let b else { return nil }
    return a - b
  }

  /// The mean of what is known; nil where nothing is.
  package static func mean(_ values: [Double?]) -> Double? {
    let known = values.compactMap { $0 }
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }
}
