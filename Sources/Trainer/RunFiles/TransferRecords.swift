/// transfer.json as it stands: the loss's matrix, one for each metric, and the figures drawn from them.
package struct TransferRecords: Sendable, Equatable {
  /// One measure of every dataset after every round.
  package struct Measure: Sendable, Equatable {
    /// "loss", or a metric's name.
    package var name: String
    /// Row 0 is M0, row i the model after round i; null where it was not measured.
    package var rows: [[Double?]]
    /// In the layout of `rows`; empty where none were written.
    package var standardErrors: [[Double?]]
    package var backwardTransfer: Double?
    package var forwardTransfer: Double?
    package var forgetting: Double?
    package var finalMean: Double?

    package init(
      name: String, rows: [[Double?]], standardErrors: [[Double?]], backwardTransfer: Double? = nil,
      forwardTransfer: Double? = nil, forgetting: Double? = nil, finalMean: Double? = nil
    ) {
      self.name = name
      self.rows = rows
      self.standardErrors = standardErrors
      self.backwardTransfer = backwardTransfer
      self.forwardTransfer = forwardTransfer
      self.forgetting = forgetting
      self.finalMean = finalMean
    }

    /// Loss and perplexity fall as a model learns; scores rise.
    package var lowerIsBetter: Bool { name == "loss" || name == MetricScore.perplexity }

    /// How much better `value` is than `reference`, in the measure's own unit.
    package func gain(of value: Double?, over reference: Double?) -> Double? {
      guard let value, let reference else { return nil }
      return lowerIsBetter ? reference - value : value - reference
    }

    /// Whether any cell of `column` was measured.
    package func holds(column: Int) -> Bool { rows.contains { $0[column] != nil } }
  }

  /// What became of one dataset.
  package struct DatasetCourse: Sendable, Equatable {
    package var name: String
    /// The round that brings the dataset, from 1.
    package var round: Int
    package var base: Double?
    /// Before and after its own round.
    package var before: Double?
    package var after: Double?
    package var last: Double?
    /// Better since its own round where positive: its share of backward transfer. Nil until a later round has ended.
    package var sinceOwnRound: Double?
    /// How far the last model is behind the best since its own round (arXiv:1801.10112).
    package var forgetting: Double?
  }

  package var datasets: [String]
  package var loss: Measure
  package var metrics: [Measure]
  /// Loss on the general text, a row each; empty where it was not asked for.
  package var general: [Double?]
  /// The last row's loss on the general text minus the first's.
  package var drift: Double?

  /// Rounds that ended.
  package var rounds: Int { max(loss.rows.count - 1, 0) }

  /// Reads the file at `path`; nil where it is absent.
  package init?(path: String) throws(FileError) {
    guard let file = try RecordObject(file: path) else { return nil }
    var names: [String] = []
    for value in try file.required("datasets", try file.list("datasets")) {
      guard let name = value.string else {
        throw .invalid(path, at: value.byteOffset, "\"datasets\" holds names", remedy: RecordObject.remedy)
      }
      names.append(name)
    }
    datasets = names
    let columns = names.count
    let rows = try file.required("loss", try file.matrix("loss", columns: columns))
    guard rows.count <= columns + 1 else {
      let problem = "\"loss\" has \(rows.count) rows for \(columns) datasets"
      throw .invalid(path, problem, remedy: RecordObject.remedy)
    }
    loss = Measure(name: "loss", rows: rows, standardErrors: [])
    try loss.readFigures(file, mean: "final_mean_loss")
    metrics = []
    let figures = try file.object("figures")
    let errors = try file.object("standard_errors")
    if let scores = try file.object("metrics") {
      for name in scores.members.members.map(\.key).sorted() {
        guard let rows = try scores.matrix(name, columns: columns) else { continue }
        var measure = Measure(
          name: name, rows: rows, standardErrors: try errors?.matrix(name, columns: columns) ?? [])
        if let figures = try figures?.object(name) { try measure.readFigures(figures, mean: "final_mean") }
        metrics.append(measure)
      }
    }
    general = try file.numbers("general") ?? []
    drift = try file.number("drift")
  }

  /// What became of each dataset whose own round has ended, by the loss.
  package var courses: [DatasetCourse] {
    let table = ScoreTable(loss.rows, isBetterHigher: false)
    return (0..<min(rounds, datasets.count)).map { index in
      let column = loss.rows.map { $0[index] }
      let hasLaterRound = index + 1 < rounds
      return DatasetCourse(
        name: datasets[index], round: index + 1, base: column[0], before: column[index], after: column[index + 1],
        last: column[rounds],
        sinceOwnRound: hasLaterRound ? loss.gain(of: column[rounds], over: column[index + 1]) : nil,
        forgetting: table.forgetting(index))
    }
  }
}

extension TransferRecords.Measure {
  fileprivate mutating func readFigures(_ file: RecordObject, mean: String) throws(FileError) {
    backwardTransfer = try file.number("backward_transfer")
    forwardTransfer = try file.number("forward_transfer")
    forgetting = try file.number("forgetting")
    finalMean = try file.number(mean)
  }
}
