/// What each round taught and what it forgot: R[i][j] is the loss on dataset j after round i, in nats; row 0 is M0.
///
/// Losses count with the sign turned, so that positive is better. A dataset without held-out rows has null in its column.
///
/// Source: backward and forward transfer: arXiv:1706.08840; forgetting: arXiv:1801.10112.
package struct TransferMatrix: Codable, Sendable, Equatable {
  package var datasets: [String]
  /// A row for M0 and one for each round that ended.
  package var loss: [[Double?]]

  package init(datasets: [String], loss: [[Double?]] = []) {
    self.datasets = datasets
    self.loss = loss
  }

  /// Rounds that ended.
  package var rounds: Int { max(loss.count - 1, 0) }

  /// Mean over the earlier datasets of what later rounds added to, or took from, each: negative is forgetting.
  package var backwardTransfer: Double? {
    guard rounds > 1 else { return nil }
    return mean((0..<rounds - 1).map { difference(loss[$0 + 1][$0], loss[rounds][$0]) })
  }

  /// Mean over the later datasets of what earlier rounds gave before their own, against M0.
  package var forwardTransfer: Double? {
    guard rounds > 1 else { return nil }
    return mean((1..<rounds).map { difference(loss[0][$0], loss[$0][$0]) })
  }

  /// Mean over the earlier datasets of how far the last model is behind the best that a round reached.
  package var forgetting: Double? {
    guard rounds > 1 else { return nil }
    return mean((0..<rounds - 1).map(forgetting))
  }

  /// The earlier dataset that the last round harmed most, and by how many nats against its best; nil in round 1.
  package var worstForgetting: (dataset: String, nats: Double)? {
    guard rounds > 1 else { return nil }
    return (0..<rounds - 1).compactMap { index in forgetting(index).map { (datasets[index], $0) } }.max { $0.1 < $1.1 }
  }

  /// The mean of the last model's losses.
  package var finalMeanLoss: Double? { mean(loss.last ?? []) }

  private func forgetting(_ dataset: Int) -> Double? {
    // From the dataset's own round on: before it, nothing was there to forget.
    let best = (dataset + 1..<rounds).compactMap { loss[$0][dataset] }.min()
    return difference(loss[rounds][dataset], best)
  }

  private func difference(_ a: Double?, _ b: Double?) -> Double? {
    guard let a, let b else { return nil }
    return a - b
  }

  private func mean(_ values: [Double?]) -> Double? {
    let known = values.compactMap { $0 }
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }
}
