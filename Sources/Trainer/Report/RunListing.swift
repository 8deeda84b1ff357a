import Foundation

/// A run's rounds, scores and branches, as its folder records them, whichever release wrote it.
package struct RunListing: Sendable {
  /// A round, or M0.
  package struct Round: Sendable {
    package let summary: RoundSummary
    /// Losses on the held-out rows of each of the run's datasets, null where one has none.
    package let loss: [Double?]
    /// Scores of each metric on each of the run's datasets; none of a round that was refused.
    package let metrics: [String: [Double?]]

    /// The mean of the losses that are there.
    package var meanLoss: Double? { ScoreTable.mean(loss) }
    /// Tokens that the round read.
    package var tokens: Int { summary.datasets.reduce(0) { $0 + $1.tokensSeen } }
  }

  /// A run below `branches`: rounds of this one, taken again under other settings.
  package struct Branch: Encodable, Sendable, Equatable {
    package let name: String
    /// The first round that is its own; nil where the branch does not say.
    package let fromRound: Int?

    package init(name: String, fromRound: Int?) {
      self.name = name
      self.fromRound = fromRound
    }
  }

  package let folder: URL
  /// The resolved recipe, as text.
  package let recipe: String
  package let datasets: [String]
  /// By number; a round that was refused stands after the one that took its place.
  package let rounds: [Round]
  /// The matrices of the loss and of each metric; nil where the run has not written them yet.
  package let transfer: TransferRecords?
  /// Where the run began, if it is a branch itself.
  package let origin: BranchOrigin?
  package let branches: [Branch]

  /// Reads a run.
  ///
  /// - Throws: `FileError`: `notFound` where there is no run, `invalid` with the place where a file is damaged.
  package init(_ url: URL) throws(FileError) {
    let run = RunFolder(url.standardizedFileURL)
    folder = run.url
    recipe = try RunRecords.recipe(of: run)
    let transfer = try TransferRecords(path: run.transfer.path)
    let summaries = try RunRecords.rounds(of: run)
    self.transfer = transfer
    datasets = transfer?.datasets ?? summaries.filter { $0.number > 0 && !$0.isRefused }.map(\.name)
    rounds = summaries.map { Round($0, transfer: transfer) }
    origin = try Self.origin(of: run)
    var branches: [Branch] = []
    // One that is being made begins with a point.
    for name in try FileManager.default.names(in: run.branches) where !name.hasPrefix(".") {
      let branch = RunFolder(run.branches.appending(path: name))
      guard branch.holdsRun else { continue }
      branches.append(Branch(name: name, fromRound: try Self.origin(of: branch)?.fromRound))
    }
    self.branches = branches
  }

  private static func origin(of run: RunFolder) throws(FileError) -> BranchOrigin? {
    guard let file = try RecordObject(file: run.url.appending(path: "branch.json").path) else { return nil }
    return BranchOrigin(
      parentRun: try file.required("parent_run", try file.text("parent_run")),
      fromRound: try file.required("from_round", try file.integer("from_round")))
  }
}

extension RunListing.Round {
  fileprivate init(_ summary: RoundSummary, transfer: TransferRecords?) {
    // The matrix has no row for a round that was refused: that of the same number is another round's.
    func row(_ measure: TransferRecords.Measure?) -> [Double?]? {
      guard let rows = measure?.rows, !summary.isRefused, rows.indices.contains(summary.number) else { return nil }
      return rows[summary.number]
    }
    self.summary = summary
    loss = row(transfer?.loss) ?? summary.loss
    var metrics: [String: [Double?]] = [:]
    for measure in transfer?.metrics ?? [] { metrics[measure.name] = row(measure) }
    self.metrics = metrics
  }
}
