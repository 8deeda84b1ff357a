extension RunInputs {
  /// Micro-batches of a round that are walked at a run's start: a tenth of a second's work, and enough for the shares,
  /// since draws are interleaved evenly.
  private static let walkedBatches = 2_000

  /// Warnings before the first step, a line for each subject: what would spoil the run, as far as it shows without
  /// reading any row again.
  var warnings: [String] {
    let found = recipe.rounds.enumerated().flatMap { index, round in
      let shares = RoundShares(recipe, round: index + 1, over: unions[index], limit: Self.walkedBatches)
      return shares.findings
        + round.findings(
          steps: shares.steps, method: recipe.method, heldOut: valid[index]?.statistics.rows ?? 0, longest: nil)
    }
    return Finding.Subject.allCases.compactMap { subject in
      let all = found.filter { $0.subject == subject && $0.severity >= .warning }
      let more = all.count > 1 ? " (and \(all.count - 1) more of the kind, see `accrete data check`)" : ""
      return all.first.map { "warning: \($0.sentence)\(more)" }
    }
  }
}
