/// Transfer matrix of the loss, and of each metric: R[i][j] is the score on dataset j after round i; row 0 is M0.
///
/// The loss, in nats a supervised token, is always there; metrics where a dataset has a task. A dataset without
/// held-out rows has nil in its column.
package struct TransferMatrix: Codable, Sendable, Equatable {
  /// Names of the metrics of which less is better, as it is of the loss.
  package static let lowerIsBetter: Set = [MetricScore.perplexity]

  package var datasets: [String]
  /// Losses [rounds + 1, datasets]: a row for M0 and one for each round that ended.
  package var loss: [[Double?]]
  /// Scores by the metric's name, in the layout of `loss`; nil where a dataset's task has not this metric.
  package var metrics: [String: [[Double?]]] = [:]
  /// Standard errors of the scores, by the same names and in the same layout.
  package var standardErrors: [String: [[Double?]]] = [:]
  /// Loss on the general text, row by row; nil where none was asked for.
  package var general: [Double?] = []

  /// A matrix without rows.
  package init(datasets: [String]) {
    self.datasets = datasets
    loss = []
  }

  private enum CodingKeys: CodingKey {
    case datasets, loss, metrics, standardErrors, general
  }

  /// Decodes a matrix of a run's state, also of releases that knew the loss alone.
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
  ///   - row: losses, one a dataset.
  ///   - scores: scores of each dataset, in the order of the datasets.
  ///   - drift: loss on the general text.
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

  /// Matrix of the rows of M0 and the first `rounds` rounds alone.
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

  /// Scores of a metric.
  package func table(_ metric: String) -> ScoreTable {
    ScoreTable(metrics[metric] ?? [], isBetterHigher: !Self.lowerIsBetter.contains(metric))
  }

  /// Number of rounds that ended.
  package var rounds: Int { lossTable.rounds }

  /// Earlier dataset that the last round harmed most, and the nats that it lost against its best; nil in round 1.
  package var worstForgetting: (dataset: String, nats: Double)? {
    datasets.enumerated().compactMap { index, name in lossTable.forgetting(index).map { (name, $0) } }
      .max { $0.1 < $1.1 }
  }

  /// Loss on the general text of the last model minus that of M0.
  package var drift: Double? {
    guard general.count > 1, let first = general.first ?? nil, let last = general.last ?? nil else { return nil }
    return last - first
  }
}
