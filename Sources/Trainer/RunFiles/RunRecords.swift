import Foundation

/// Everything that a run's folder says about the run, read once for its report.
///
/// Only recipe.yaml, and rounds/ or metrics.jsonl, must be there: a run that is under way, or was refused, has a report too.
package struct RunRecords: Sendable {
  /// Losses on the held-out rows within a round, a line of evaluations.jsonl.
  package struct Evaluation: Sendable, Equatable {
    package var round: Int
    /// From 1 in the round.
    package var step: Int
    /// A loss for each dataset, null where it has no held-out rows.
    package var losses: [Double?]

    package init(round: Int, step: Int, losses: [Double?]) {
      self.round = round
      self.step = step
      self.losses = losses
    }
  }

  package var folder: URL
  /// The resolved recipe, as text.
  package var recipe: String
  package var steps: StepRecords
  package var evaluations: [Evaluation]
  package var transfer: TransferRecords?
  /// M0's record, if it was written.
  package var base: RoundSummary?
  /// The rounds that ended, in order; a refused one stands after a kept one of the same number.
  package var rounds: [RoundSummary]

  /// Reads the folder of a run.
  ///
  /// - Throws: `FileError`: `notFound` where there is no run, `invalid` with the place where a file is damaged.
  package init(folder: URL) throws(FileError) {
    self.folder = folder
    let run = RunFolder(folder)
    recipe = try Self.recipe(of: run)
    steps = try StepRecords(path: run.metrics.path)
    transfer = try TransferRecords(path: run.transfer.path)
    var evaluations: [Evaluation] = []
    try RecordLines.read(run.evaluations.path) { entry throws(FileError) in
      let line = try entry.object()
      evaluations.append(
        Evaluation(
          round: try line.required("round", try line.integer("round")),
          step: try line.required("step", try line.integer("step")), losses: try line.numbers("losses") ?? []))
    }
    self.evaluations = evaluations
    let all = try Self.rounds(of: run)
    base = all.first { $0.number == 0 }
    rounds = all.filter { $0.number != 0 }
  }

  /// The text of a run's resolved recipe.
  ///
  /// - Throws: `FileError`: `notFound` where there is no run.
  static func recipe(of run: RunFolder) throws(FileError) -> String {
    // A recipe.yaml alone may be one that somebody wrote, with its data beside it.
    let hasBegun = [run.rounds, run.metrics].contains { FileManager.default.fileExists(atPath: $0.path) }
    guard run.holdsRun && hasBegun else {
      throw FileError(
        .notFound, path: run.url.path, "there is no run here (no recipe.yaml with rounds/ or metrics.jsonl beside it)",
        remedy: "name a run's folder, the output_dir of its recipe")
    }
    return try text(run.recipe)
  }

  /// M0's record and those of the rounds that ended, in order; a refused one stands after a kept one of the same number.
  static func rounds(of run: RunFolder) throws(FileError) -> [RoundSummary] {
    var rounds: [RoundSummary] = []
    // `final` is a link to one of the others.
    for name in try FileManager.default.names(in: run.rounds) where name.first?.isNumber == true {
      if let round = try RoundSummary(folder: run.rounds.appending(path: name)) { rounds.append(round) }
    }
    return rounds.sorted {
      ($0.number, $0.isRefused ? 1 : 0, $0.folder) < ($1.number, $1.isRefused ? 1 : 0, $1.folder)
    }
  }

  /// The names of the datasets, which are those of the rounds: of the matrix, else of the rounds that left a record.
  package var datasets: [String] { transfer?.datasets ?? rounds.map(\.name) }

  /// The rounds whose models were kept.
  package var keptRounds: [RoundSummary] { rounds.filter { !$0.isRefused } }

  private static func text(_ file: URL) throws(FileError) -> String {
    String(decoding: try InputFile.contents(file.path), as: UTF8.self)
  }
}
