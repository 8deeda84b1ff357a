import Foundation

/// All records of a run's folder, read once for its report.
///
/// Only recipe.yaml, and rounds/ or metrics.jsonl, must be there: a run under way, or a refused one, has a report too.
package struct RunRecords: Sendable {
  package var folder: URL
  /// Resolved recipe, as text.
  package var recipe: String
  package var steps: StepColumns
  package var evaluations: [EvaluationLine]
  package var transfer: TransferFile?
  /// Record of M0, if it was written.
  package var base: RoundRecords?
  /// Rounds that ended, in order; a refused one comes after a kept one of the same number.
  package var rounds: [RoundRecords]

  /// Reads the folder of a run.
  ///
  /// - Throws: `FileError`: `notFound` where there is no run, `invalid` with the place where a file is damaged.
  package init(folder: URL) throws(FileError) {
    self.folder = folder
    let run = RunFolder(folder)
    recipe = try Self.recipe(of: run)
    steps = try StepColumns(folder: folder)
    transfer = try TransferFile.read(in: folder)
    var evaluations: [EvaluationLine] = []
    try EvaluationsFile.read(in: folder) { evaluations.append($0) }
    self.evaluations = evaluations
    let all = try Self.rounds(of: run)
    base = all.first { $0.round == 0 }
    rounds = all.filter { $0.round != 0 }
  }

  /// Text of a run's resolved recipe.
  ///
  /// - Throws: `FileError`: `notFound` where there is no run.
  static func recipe(of run: RunFolder) throws(FileError) -> String {
    // A recipe.yaml alone may be one that somebody wrote, with its data beside it.
    let hasBegun = [run.rounds, run.url.appending(path: MetricsFile.fileName)].contains {
      FileManager.default.fileExists(atPath: $0.path)
    }
    guard run.holdsRun && hasBegun else {
      throw FileError(
        .notFound, path: run.url.path, "there is no run here (no recipe.yaml with rounds/ or metrics.jsonl beside it)",
        remedy: "name a run's folder, the output_dir of its recipe")
    }
    return String(decoding: try InputFile.contents(run.recipe.path), as: UTF8.self)
  }

  /// Records of M0 and of the rounds that ended, in order; a refused one comes after a kept one of the same number.
  static func rounds(of run: RunFolder) throws(FileError) -> [RoundRecords] {
    var rounds: [RoundRecords] = []
    // `final` is a link to one of the others.
    for name in try FileManager.default.names(in: run.rounds) where name.first?.isNumber == true {
      if let round = try RoundRecords(folder: run.rounds.appending(path: name)) { rounds.append(round) }
    }
    return rounds.sorted {
      ($0.round, $0.isRefused ? 1 : 0, $0.folder) < ($1.round, $1.isRefused ? 1 : 0, $1.folder)
    }
  }

  /// Names of the datasets, which are those of the rounds: as in the matrix, else of the rounds that left a record.
  package var datasets: [String] { transfer?.datasets ?? rounds.map(\.name) }

  /// Rounds whose models were kept.
  package var keptRounds: [RoundRecords] { rounds.filter { !$0.isRefused } }
}

/// Records of one round's folder: round.json, whose values are properties of it, and the samples.
@dynamicMemberLookup
package struct RoundRecords: Sendable {
  /// Name of the folder, such as `02-sentiment`.
  package let folder: String
  package let samples: [SamplesFile.Line]
  private let file: RoundFile

  /// Reads the folder of a round; nil where it has no round.json yet.
  init?(folder url: URL) throws(FileError) {
    guard let file = try RoundFile.read(in: url) else { return nil }
    self.file = file
    folder = url.lastPathComponent
    samples = try SamplesFile.read(in: url)
  }

  /// True where the gate refused the round: its model was kept aside.
  package var isRefused: Bool { folder.hasSuffix(".refused") }

  package subscript<Value>(dynamicMember value: KeyPath<RoundFile, Value>) -> Value { file[keyPath: value] }
}
