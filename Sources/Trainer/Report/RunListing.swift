import Foundation

/// Rounds, scores and branches of a run, as its folder records them; runs of older releases are read too.
package struct RunListing: Sendable {
  /// One round, or M0.
  package struct Round: Sendable {
    package let summary: RoundRecords
    /// Losses on the held-out rows of each of the run's datasets; nil where a dataset has none.
    package let loss: [Double?]
    /// Scores of each metric on each of the run's datasets; empty for a round that was refused.
    package let metrics: [String: [Double?]]

    /// Mean of the losses that are not nil.
    package var meanLoss: Double? { ScoreTable.mean(loss) }
    /// Tokens that the round read.
    package var tokens: Int { summary.datasets.reduce(0) { $0 + $1.tokensSeen } }
  }

  /// Branch of the run: some of its rounds, taken again under other settings.
  package struct Branch: Encodable, Sendable, Equatable {
    package let name: String
    /// First round of the branch's own, from 1; nil where the branch has no branch.json.
    package let fromRound: Int?

    package init(name: String, fromRound: Int?) {
      self.name = name
      self.fromRound = fromRound
    }
  }

  package let folder: URL
  /// Resolved recipe, as text.
  package let recipe: String
  package let datasets: [String]
  /// Rounds by number; one that was refused comes after the one that took its place.
  package let rounds: [Round]
  /// Matrices of the loss and of each metric; nil where the run has not written them yet.
  package let transfer: TransferFile?
  /// Run that this one continues, where it is a branch itself.
  package let origin: BranchFile?
  package let branches: [Branch]

  /// Reads the folder of a run.
  ///
  /// - Throws: `FileError`: `notFound` where there is no run, `invalid` with the place where a file is damaged.
  package init(_ url: URL) throws(FileError) {
    let run = RunFolder(url.standardizedFileURL)
    folder = run.url
    recipe = try RunRecords.recipe(of: run)
    let transfer = try TransferFile.read(in: run.url)
    let summaries = try RunRecords.rounds(of: run)
    self.transfer = transfer
    datasets = transfer?.datasets ?? summaries.filter { $0.round > 0 && !$0.isRefused }.map(\.name)
    rounds = summaries.map { Round($0, transfer: transfer) }
    origin = try BranchFile.read(in: run.url)
    var branches: [Branch] = []
    // One that is being made begins with a point.
    for name in try FileManager.default.names(in: run.branches) where !name.hasPrefix(".") {
      let branch = RunFolder(run.branches.appending(path: name))
      guard branch.holdsRun else { continue }
      branches.append(Branch(name: name, fromRound: try BranchFile.read(in: branch.url)?.fromRound))
    }
    self.branches = branches
  }
}

extension RunListing.Round {
  fileprivate init(_ summary: RoundRecords, transfer: TransferFile?) {
    // The matrix has no row for a round that was refused: that of the same number is another round's.
    func row(_ measure: TransferFile.Measure?) -> [Double?]? {
      guard let rows = measure?.rows, !summary.isRefused, rows.indices.contains(summary.round) else { return nil }
      return rows[summary.round]
    }
    self.summary = summary
    loss = row(transfer?.loss) ?? summary.loss
    var metrics: [String: [Double?]] = [:]
    for measure in transfer?.metrics ?? [] { metrics[measure.name] = row(measure) }
    self.metrics = metrics
  }
}
