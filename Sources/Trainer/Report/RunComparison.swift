import Foundation

/// Two runs beside each other: what their recipes say, and what came of it.
///
/// Each difference is the second run's value less the first's: a negative one is the better loss.
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

    /// Every key is there: what is not known is null.
    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(first, forKey: .first)
      try container.encode(second, forKey: .second)
      try container.encode(difference, forKey: .difference)
    }
  }

  /// The two folders.
  package let runs: [String]
  /// Keys in which the second run's recipe differs from the first's; where each run lies is left out.
  package let recipe: [RecipeChange]
  /// The datasets that both runs have, in the first's order.
  package let datasets: [String]
  /// What the rows of the matrices are: `M0`, `M1 qa`, or `M1 qa | writing` where the runs' rounds have other names.
  package let rows: [String]
  /// Differences of the losses, cell by cell: as many rows as both runs have, a column for each of `datasets`.
  package let loss: [[Double?]]
  /// The same of each metric that both runs have.
  package let metrics: [String: [[Double?]]]
  /// Figures of the loss and of those metrics, such as `backward_transfer`, each by its name.
  package let figures: [String: [String: Figure]]
  /// Time and tokens of all rounds, those that were refused included.
  package let seconds: Figure
  package let tokens: Figure

  /// Compares two runs.
  ///
  /// - Throws: `RecipeError`, where a run's recipe is not YAML.
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

  /// One matrix less another, where both have the row, and of the datasets that both have.
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
    _ first: TransferRecords.Measure, _ second: TransferRecords.Measure
  ) -> [String: Figure] {
    [
      "final_mean": Figure(first: first.finalMean, second: second.finalMean),
      "backward_transfer": Figure(first: first.backwardTransfer, second: second.backwardTransfer),
      "forward_transfer": Figure(first: first.forwardTransfer, second: second.forwardTransfer),
      "forgetting": Figure(first: first.forgetting, second: second.forgetting),
    ]
  }

  private static func seconds(_ run: RunListing) -> Double {
    run.rounds.filter { $0.summary.number > 0 }.reduce(0) { $0 + $1.summary.seconds }
  }

  private static func tokens(_ run: RunListing) -> Double {
    Double(run.rounds.reduce(0) { $0 + $1.tokens })
  }
}
