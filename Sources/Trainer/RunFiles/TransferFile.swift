/// transfer.json of a run's folder: the transfer matrix, and the figures drawn from it.
package struct TransferFile: RecordFile, Equatable {
  package static let fileName = "transfer.json"

  /// Numbers that sum up one measure over all rounds; nil where they cannot be drawn yet.
  package struct Figures: Sendable, Equatable {
    package var backwardTransfer: Double?
    package var forwardTransfer: Double?
    package var forgetting: Double?
    /// Mean over the datasets of the last model's scores.
    package var finalMean: Double?
  }

  /// One measure of every dataset after every round, with its figures.
  package struct Measure: Sendable, Equatable {
    /// "loss", or the name of a metric.
    package var name: String
    /// Scores [rounds + 1, datasets]: row 0 is M0, row i the model after round i; nil where nothing was measured.
    package var rows: [[Double?]]
    /// Standard errors in the layout of `rows`; empty where none were written.
    package var standardErrors: [[Double?]] = []
    package var figures = Figures()
  }

  package let matrix: TransferMatrix
  /// Figures of the loss, in nats.
  private let lossFigures: Figures
  /// Figures of each metric, by its name.
  private let metricFigures: [String: Figures]
  /// Loss on the general text of the last model minus that of M0.
  package let drift: Double?

  /// Draws the figures of a matrix.
  package init(_ matrix: TransferMatrix) {
    self.matrix = matrix
    lossFigures = Figures(matrix.lossTable, rows: matrix.loss)
    metricFigures = Dictionary(
      uniqueKeysWithValues: matrix.metrics.map { ($0, Figures(matrix.table($0), rows: $1)) })
    drift = matrix.drift
  }

  package var datasets: [String] { matrix.datasets }
  /// Number of rounds that ended.
  package var rounds: Int { matrix.rounds }
  /// Losses on the general text, row by row; empty where none were asked for.
  package var general: [Double?] { matrix.general }

  package var loss: Measure { Measure(name: "loss", rows: matrix.loss, figures: lossFigures) }

  /// Measures beside the loss, sorted by name.
  package var metrics: [Measure] {
    matrix.metrics.sorted { $0.key < $1.key }.map { name, rows in
      Measure(
        name: name, rows: rows, standardErrors: matrix.standardErrors[name] ?? [],
        figures: metricFigures[name] ?? Figures())
    }
  }
}

extension TransferFile.Measure {
  /// True where a smaller score is the better one.
  package var lowerIsBetter: Bool { name == "loss" || TransferMatrix.lowerIsBetter.contains(name) }

  /// Improvement of `value` over `reference`, in the measure's own unit; negative where it is worse.
  package func gain(of value: Double?, over reference: Double?) -> Double? {
    guard let value, let reference else { return nil }
    return lowerIsBetter ? reference - value : value - reference
  }

  /// Returns true where any cell of `column` was measured.
  package func holds(column: Int) -> Bool { rows.contains { $0[column] != nil } }
}

// MARK: - Reading

extension TransferFile {
  package init(_ object: RecordObject) throws(FileError) {
    var names: [String] = []
    for value in try object.required("datasets", try object.list("datasets")) {
      guard let name = value.string else {
        throw .invalid(object.path, at: value.byteOffset, "\"datasets\" holds names", remedy: RecordObject.remedy)
      }
      names.append(name)
    }
    let columns = names.count
    var matrix = TransferMatrix(datasets: names)
    matrix.loss = try object.required("loss", try object.matrix("loss", columns: columns))
    guard matrix.loss.count <= columns + 1 else {
      let problem = "\"loss\" has \(matrix.loss.count) rows for \(columns) datasets"
      throw .invalid(object.path, problem, remedy: RecordObject.remedy)
    }
    lossFigures = try Figures(object, mean: "final_mean_loss")
    let (scores, errors) = (try object.object("metrics"), try object.object("standard_errors"))
    let figures = try object.object("figures")
    var metricFigures: [String: Figures] = [:]
    for name in scores?.members.members.map(\.key).sorted() ?? [] {
      guard let rows = try scores?.matrix(name, columns: columns) else { continue }
      matrix.metrics[name] = rows
      matrix.standardErrors[name] = try errors?.matrix(name, columns: columns)
      metricFigures[name] = try figures?.object(name).map { value throws(FileError) in
        try Figures(value, mean: "final_mean")
      }
    }
    matrix.general = try object.numbers("general") ?? []
    self.matrix = matrix
    self.metricFigures = metricFigures
    drift = try object["drift"]
  }
}

extension TransferFile.Figures {
  fileprivate init(_ table: ScoreTable, rows: [[Double?]]) {
    self.init(
      backwardTransfer: table.backwardTransfer, forwardTransfer: table.forwardTransfer, forgetting: table.forgetting,
      finalMean: ScoreTable.mean(rows.last ?? []))
  }

  fileprivate init(_ object: RecordObject, mean: String) throws(FileError) {
    backwardTransfer = try object["backward_transfer"]
    forwardTransfer = try object["forward_transfer"]
    forgetting = try object["forgetting"]
    finalMean = try object[mean]
  }
}

// MARK: - Writing

extension TransferFile {
  private enum CodingKeys: CodingKey {
    case datasets, loss, metrics, standardErrors, figures, general, drift
    case backwardTransfer, forwardTransfer, forgetting, finalMeanLoss
  }

  /// Writes every key: a figure that cannot be drawn yet is null.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(matrix.datasets, forKey: .datasets)
    try container.encode(matrix.loss, forKey: .loss)
    try container.encode(matrix.metrics, forKey: .metrics)
    try container.encode(matrix.standardErrors, forKey: .standardErrors)
    try container.encode(metricFigures, forKey: .figures)
    try container.encode(matrix.general, forKey: .general)
    try container.encode(drift, forKey: .drift)
    try container.encode(lossFigures.backwardTransfer, forKey: .backwardTransfer)
    try container.encode(lossFigures.forwardTransfer, forKey: .forwardTransfer)
    try container.encode(lossFigures.forgetting, forKey: .forgetting)
    try container.encode(lossFigures.finalMean, forKey: .finalMeanLoss)
  }
}

extension TransferFile.Figures: Encodable {
  private enum CodingKeys: CodingKey {
    case backwardTransfer, forwardTransfer, forgetting, finalMean
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(backwardTransfer, forKey: .backwardTransfer)
    try container.encode(forwardTransfer, forKey: .forwardTransfer)
    try container.encode(forgetting, forKey: .forgetting)
    try container.encode(finalMean, forKey: .finalMean)
  }
}
