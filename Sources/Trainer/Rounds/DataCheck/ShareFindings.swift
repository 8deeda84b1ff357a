extension RoundShares {
  /// Passes over few rows beyond which a model learns them by heart: repeated text is worth nearly as much as new text
  /// for some four passes, and next to nothing after sixteen (arXiv:2305.16264); in LIMA's fifteen passes over 1,000 rows
  /// the held-out loss rises (arXiv:2305.11206, appendix B).
  private static let mostPasses = 10.0
  /// Rows below which such passes are warned of; with more of them a long training is hardly an accident.
  private static let fewRows = 1_000
  /// Factor between the shares of rows and of supervised tokens beyond which a mixture is not what its rows say.
  private static let mostImbalance = 2.0

  /// Findings on the balance of the datasets, on what is read without a loss, and on how often rows are read.
  package var findings: [Finding] {
    let drawn = parts.filter { $0.draws > 0 }
    var findings: [Finding] = []
    if let last = parts.last(where: { $0.name == name }), last.draws == 0 {
      findings.append(
        Finding(
          .warning, .supervision, round: name, dataset: name, "none of its own rows is drawn in \(steps) steps",
          remedy: "raise max_steps, or lower union.replay_fraction"))
    }
    for part in drawn where part.supervisedWeight == 0 {
      findings.append(
        Finding(
          .warning, .supervision, round: name, dataset: part.name,
          "\(part.name) is \(percent(part.shareOfRows)) of the rows, and none of them has a supervised token that counts",
          remedy: "give the rows answers, or a weight above 0"))
    }
    for part in drawn where drawn.count > 1 && part.supervisedWeight > 0 {
      let ratio = part.shareOfSupervised / part.shareOfRows
      guard ratio > Self.mostImbalance || ratio * Self.mostImbalance < 1 else { continue }
      findings.append(
        Finding(
          .warning, .balance, round: name, dataset: part.name,
          "\(part.name) is \(percent(part.shareOfRows)) of the rows and \(percent(part.shareOfSupervised)) of the "
            + "supervised tokens",
          remedy: "set union: {sampling: weights, weights: {\"\(part.name)\": …}}, or a \"weight\" in its rows"))
    }
    for part in drawn where part.passes > Self.mostPasses && part.rows < Self.fewRows {
      findings.append(
        Finding(
          .warning, .passes, round: name, dataset: part.name,
          "the \(part.rows) rows of \(part.name) are read \((part.passes * 10).rounded() / 10) times",
          remedy: "lower max_steps or num_train_epochs, or add rows"))
    }
    return findings
  }
}
