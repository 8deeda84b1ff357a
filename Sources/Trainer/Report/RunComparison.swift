import Foundation

/// Comparison of two runs: their recipes, scores, time and tokens.
///
/// Each difference is the second run's value minus the first's: a negative difference is the better loss.
package struct RunComparison: Encodable, Sendable {
  /// One number of both runs; nil where a run does not have it.
  package struct Figure: Encodable, Sendable, Equatable {
    package let first: Double?
    package let second: Double?

    package init(first: Double?, second: Double?) {
      self.first = first
      self.second = second
    }

    package var difference: Double? { Self.difference(first, second) }

    static func difference(_ first: Double?, _ second: Double?) -> Double? {
      guard let first, let second else { return nil }
      return second - first
    }

    private enum CodingKeys: CodingKey {
      case first, second, difference
    }

    /// Writes every key: a number that a run does not have is null.
    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(first, forKey: .first)
      try container.encode(second, forKey: .second)
      try container.encode(difference, forKey: .difference)
    }
  }

  /// Paths of the two folders.
  package let runs: [String]
  /// Keys in which the second run's recipe differs from the first's, `output_dir` left out.
  package let recipe: [RecipeChange]
  /// Datasets that both runs have, in the order of the first run.
  package let datasets: [String]
  /// Names of the matrices' rows: `M0`, `M1 qa`, or `M1 qa | writing` where the runs' rounds have other names.
  package let rows: [String]
  /// Differences of the losses, cell by cell: as many rows as both runs have, a column for each of `datasets`.
  package let loss: [[Double?]]
  /// Differences of the scores, in the same layout, of each metric that both runs have.
  package let metrics: [String: [[Double?]]]
  /// Figures of the loss and of these metrics, by names of the measure and the figure, such as `backward_transfer`.
  package let figures: [String: [String: Figure]]
  /// Seconds of all rounds, refused ones included.
  package let seconds: Figure
  /// Tokens of all rounds, refused ones included.
  package let tokens: Figure

  /// Compares two runs.
  ///
  /// - Throws: `RecipeError` where a run's recipe is not YAML.
  package init(_ first: RunListing, _ second: RunListing) throws(RecipeError) {
    runs = [first.folder.path, second.folder.path]
    let files = (before: first.folder.path + "/recipe.yaml", after: second.folder.path + "/recipe.yaml")
    recipe = try Recipe.changes(from: first.recipe, to: second.recipe, files: files).filter { $0.key != "output_dir" }
    datasets = first.datasets.filter(second.datasets.contains)
    let (one, other) = (first.transfer, second.transfer)
    rows = (0..<min(one?.loss.rows.count ?? 0, other?.loss.rows.count ?? 0)).map { Self.label($0, first, second) }
    var differences: [String: [[Double?]]] = [:]
    var figures: [String: [String: Figure]] = [:]
    for measure in (one.map { [$0.loss] + $0.metrics }) ?? [] {
      guard let same = (other.map { [$0.loss] + $0.metrics })?.first(where: { $0.name == measure.name }) else {
        continue
      }
      differences[measure.name] = Self.difference(measure.rows, same.rows, of: datasets, first, second)
      figures[measure.name] = Self.figures(measure, same)
    }
    loss = differences.removeValue(forKey: "loss") ?? []
    metrics = differences
    self.figures = figures
    seconds = Figure(first: Self.seconds(first), second: Self.seconds(second))
    tokens = Figure(first: Self.tokens(first), second: Self.tokens(second))
  }

  /// Second matrix minus the first, for the rows and datasets that both have.
  private static func difference(
    _ one: [[Double?]], _ other: [[Double?]], of datasets: [String], _ first: RunListing, _ second: RunListing
  ) -> [[Double?]] {
    func cell(_ row: [Double?], _ dataset: String, of run: RunListing) -> Double? {
      guard let column = run.datasets.firstIndex(of: dataset), row.indices.contains(column) else { return nil }
      return row[column]
    }
    return zip(one, other).map { a, b in
      datasets.map { Figure.difference(cell(a, $0, of: first), cell(b, $0, of: second)) }
    }
  }

  private static func label(_ row: Int, _ first: RunListing, _ second: RunListing) -> String {
    guard row > 0 else { return "M0" }
    // A round and the dataset that it brings have one name.
    let names = [first, second].map { $0.datasets.indices.contains(row - 1) ? $0.datasets[row - 1] : "?" }
    return "M\(row) " + (names[0] == names[1] ? names[0] : names.joined(separator: " | "))
  }

  private static func figures(
    _ first: TransferFile.Measure, _ second: TransferFile.Measure
  ) -> [String: Figure] {
    [
      "final_mean": Figure(first: first.figures.finalMean, second: second.figures.finalMean),
      "backward_transfer": Figure(first: first.figures.backwardTransfer, second: second.figures.backwardTransfer),
      "forward_transfer": Figure(first: first.figures.forwardTransfer, second: second.figures.forwardTransfer),
      "forgetting": Figure(first: first.figures.forgetting, second: second.figures.forgetting),
    ]
  }

  private static func seconds(_ run: RunListing) -> Double {
    run.rounds.filter { $0.summary.round > 0 }.reduce(0) { $0 + $1.summary.seconds }
  }

  private static func tokens(_ run: RunListing) -> Double {
    Double(run.rounds.reduce(0) { $0 + $1.tokens })
  }
}
