/// Scores of every dataset after every round, more being better, and the arithmetic of transfer and forgetting.
///
/// - Source: backward and forward transfer: arXiv:1706.08840; forgetting: arXiv:1801.10112.
package struct ScoreTable: Sendable, Equatable {
  /// Scores [rounds + 1, datasets]: row 0 is M0, row i the model after round i; nil where nothing was measured.
  private let scores: [[Double?]]

  /// Takes values in the layout [rounds + 1, datasets].
  ///
  /// - Parameter isBetterHigher: true where more is better; of other values, such as losses, the sign is turned.
  package init(_ values: [[Double?]], isBetterHigher: Bool) {
    scores = isBetterHigher ? values : values.map { row in row.map { $0.map { -$0 } } }
  }

  /// Number of rounds that ended.
  package var rounds: Int { max(scores.count - 1, 0) }

  /// Mean over the earlier datasets of the change of the score since its own round: negative is forgetting.
  package var backwardTransfer: Double? {
    guard rounds > 1 else { return nil }
    return Self.mean((0..<rounds - 1).map { difference(scores[rounds][$0], scores[$0 + 1][$0]) })
  }

  /// Mean over the later datasets of the score just before its own round minus that of M0.
  package var forwardTransfer: Double? {
    guard rounds > 1 else { return nil }
    return Self.mean((1..<rounds).map { difference(scores[$0][$0], scores[0][$0]) })
  }

  /// Mean over the earlier datasets of the best score that a round reached minus that of the last model.
  package var forgetting: Double? {
    guard rounds > 1 else { return nil }
    return Self.mean((0..<rounds - 1).map(forgetting))
  }

  /// Best score that a round reached on a dataset minus that of the last model; nil for the last round's dataset.
  package func forgetting(_ dataset: Int) -> Double? {
    // From the dataset's own round on: before it, nothing was there to forget.
    guard dataset + 1 < rounds else { return nil }
    return difference((dataset + 1..<rounds).compactMap { scores[$0][dataset] }.max(), scores[rounds][dataset])
  }

  private func difference(_ a: Double?, _ b: Double?) -> Double? {
    guard let a, let b else { return nil }
    return a - b
  }

  /// Mean of the values that are not nil; nil where all are.
  package static func mean(_ values: [Double?]) -> Double? {
    let known = values.compactMap { $0 }
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }
}
