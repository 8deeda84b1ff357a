/// Settings by which a round draws from D1 ∪ … ∪ Di (`union`).
package struct UnionSettings: Sendable, Equatable {
  /// Rule by which datasets share the draws.
  package enum Sampling: String, Sendable, CaseIterable {
    /// Equal shares for all datasets, whatever their sizes.
    case equal
    /// Equal shares for all rows.
    case proportional
    /// Shares in proportion to rows^(1/T): 1 is proportional, and the larger T, the nearer to equal (arXiv:1907.05019).
    case temperature
    /// Shares in proportion to weights by name.
    case weights
  }

  /// Rows of the base's own domain that every round reads some of (`union.base_replay`): the union does not hold what
  /// M0 was trained on.
  package struct BaseReplay: Sendable, Equatable {
    /// Files of the rows.
    package var train: RowFiles
    /// Share of a round's draws, above 0 and below 1.
    package var fraction: Double

    package init(train: RowFiles, fraction: Double) {
      self.train = train
      self.fraction = fraction
    }
  }

  package var sampling: Sampling = .equal
  /// T of `temperature` sampling.
  package var temperature: Double?
  /// Weights by dataset name, for `weights` sampling; a dataset that is not named has weight 1.
  package var weights: [String: Double]?
  /// Share of the draws that goes to the earlier datasets together; nil: as `sampling` gives.
  package var replayFraction: Double?
  /// Rows of the subset that the round draws from; nil: the whole union.
  package var examples: Int?
  /// Rows of the base's own domain; nil: none are drawn.
  package var baseReplay: BaseReplay?

  package init(sampling: Sampling = .equal, replayFraction: Double? = nil, examples: Int? = nil) {
    self.sampling = sampling
    self.replayFraction = replayFraction
    self.examples = examples
  }
}
