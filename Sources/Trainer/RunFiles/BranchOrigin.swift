/// branch.json: the run that a branch leaves, and where.
package struct BranchOrigin: Codable, Sendable, Equatable {
  /// The run's folder, relative to the branch's.
  package var parentRun: String
  /// The first round that is the branch's own, from 1.
  package var fromRound: Int

  package init(parentRun: String, fromRound: Int) {
    self.parentRun = parentRun
    self.fromRound = fromRound
  }
}
