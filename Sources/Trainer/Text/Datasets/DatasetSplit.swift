/// A file's rows in two: some to train on, the rest held out (`split` of a round).
///
/// Where a row goes depends on the seed, its index and the number of rows alone: not on the round, so that two rounds
/// which read one file by the same share hold out the same rows.
package struct DatasetSplit: Sendable, Equatable {
  /// Sets the random bits apart from those that a round draws by.
  private static let purpose: UInt64 = 0x73_706C_6974

  /// The share of the rows that train, above 0 and below 1.
  private let share: Double
  private let seed: UInt64

  package init(share: Double, seed: UInt64) {
    precondition(share > 0 && share < 1, "a share that leaves rows on both sides")
    self.share = share
    self.seed = seed
  }

  /// How many of `count` rows train: the share, rounded; at least one, and all but one at most.
  package func trainingCount(of count: Int) -> Int {
    min(max(Int((share * Double(count)).rounded()), 1), max(count - 1, 1))
  }

  /// Whether a row trains: the rows in a random order that the seed gives, the first ones do.
  package func trains(_ index: Int, of count: Int) -> Bool {
    let order = KeyedPermutation(count: count, random: KeyedRandom(seed, Self.purpose))
    return order(index) < trainingCount(of: count)
  }
}

/// Which rows of a file are meant.
package enum DatasetPart: Sendable, Equatable {
  case whole
  case training(DatasetSplit)
  case heldOut(DatasetSplit)

  /// Whether the row at `index`, from 0, is among them.
  func contains(_ index: Int, of count: Int) -> Bool {
    switch self {
    case .whole: true
    case .training(let split): split.trains(index, of: count)
    case .heldOut(let split): !split.trains(index, of: count)
    }
  }
}
