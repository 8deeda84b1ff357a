/// What each round taught and what it forgot: R[i][j] is the score on dataset j after round i; row 0 is M0.
///
/// The loss, in nats a supervised token, is always there; metrics where a dataset has a task. A dataset without
/// held-out rows has null in its column.
package struct TransferMatrix: Codable, Sendable, Equatable {
  /// Scores of which less is better, beside the loss.
  private static let lowerIsBetter: Set = [MetricScore.perplexity]

  package var datasets: [String]
  /// A row for M0 and one for each round that ended; so have all the others.
  package var loss: [[Double?]]
  /// By the metric's name; null where a dataset's task has not this metric.
  package var metrics: [String: [[Double?]]] = [:]
  /// Of each metric's scores, by the same names.
  package var standardErrors: [String: [[Double?]]] = [:]
  /// The loss on the general text, where one was asked for.
  package var general: [Double?] = []

  package init(datasets: [String]) {
    self.datasets = datasets
    loss = []
  }

  private enum CodingKeys: CodingKey {
    case datasets, loss, metrics, standardErrors, general
  }

  /// Also of releases that knew the loss alone.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    datasets = try container.decode([String].self, forKey: .datasets)
    loss = try container.decode([[Double?]].self, forKey: .loss)
    metrics = try container.decodeIfPresent([String: [[Double?]]].self, forKey: .metrics) ?? [:]
    standardErrors = try container.decodeIfPresent([String: [[Double?]]].self, forKey: .standardErrors) ?? [:]
    let none = [Double?](repeating: nil, count: loss.count)
    general = try container.decodeIfPresent([Double?].self, forKey: .general) ?? none
  }

  /// Adds the row of a model.
  ///
  /// - Parameters:
  ///   - scores: each dataset's, in the datasets' order.
  ///   - general: the loss on the general text.
  package mutating func append(loss row: [Double?], scores: [[MetricScore]], general drift: Double?) {
    precondition(row.count == datasets.count && scores.count == datasets.count, "a column for each dataset")
    let names = Set(metrics.keys).union(scores.joined().map(\.name))
    let nothing = [Double?](repeating: nil, count: datasets.count)
    for name in names {
      let found = scores.map { $0.first { $0.name == name } }
      let before = [[Double?]](repeating: nothing, count: loss.count)
      metrics[name, default: before].append(found.map { $0?.value })
      standardErrors[name, default: before].append(found.map { $0?.standardError })
    }
    loss.append(row)
    general.append(drift)
  }

  /// Adds the column of a dataset that no model so far was measured on.
  package mutating func append(dataset: String) {
    datasets.append(dataset)
    func widened(_ rows: [[Double?]]) -> [[Double?]] { rows.map { $0 + [nil] } }
    loss = widened(loss)
    metrics = metrics.mapValues(widened)
    standardErrors = standardErrors.mapValues(widened)
  }

  /// Only the rows of M0 and the first `rounds` rounds.
  package func prefix(rounds: Int) -> TransferMatrix {
    var matrix = self
    func first(_ rows: [[Double?]]) -> [[Double?]] { Array(rows.prefix(rounds + 1)) }
    matrix.loss = first(loss)
    matrix.metrics = metrics.mapValues(first)
    matrix.standardErrors = standardErrors.mapValues(first)
    matrix.general = Array(general.prefix(rounds + 1))
    return matrix
  }

  /// Losses as scores.
  package var lossTable: ScoreTable { ScoreTable(loss, isBetterHigher: false) }

  /// A metric's scores.
  package func table(_ metric: String) -> ScoreTable {
    ScoreTable(metrics[metric] ?? [], isBetterHigher: !Self.lowerIsBetter.contains(metric))
  }

  /// Rounds that ended.
  package var rounds: Int { lossTable.rounds }
  package var backwardTransfer: Double? { lossTable.backwardTransfer }
  package var forwardTransfer: Double? { lossTable.forwardTransfer }
  package var forgetting: Double? { lossTable.forgetting }

  /// The earlier dataset that the last round harmed most, and by how many nats against its best; nil in round 1.
  package var worstForgetting: (dataset: String, nats: Double)? {
    datasets.enumerated().compactMap { index, name in lossTable.forgetting(index).map { (name, $0) } }
      .max { $0.1 < $1.1 }
  }

  /// The mean of the last model's losses.
  package var finalMeanLoss: Double? { ScoreTable.mean(loss.last ?? []) }

  /// What the rounds together added to the loss on the general text.
  package var drift: Double? {
    guard general.count > 1, let first = general.first ?? nil, let last = general.last ?? nil else { return nil }
    return last - first
  }
}
