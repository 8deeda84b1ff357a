/// Division of a file's rows in two: some train, the rest are held out (`split` of a round).
///
/// The seed, a row's index and the number of rows alone decide, not the round: two rounds that read one file by the
/// same share hold out the same rows.
package struct DatasetSplit: Sendable, Equatable {
  /// Part of the key that keeps these random bits apart from those of a round's draws.
  private static let purpose: UInt64 = 0x73_706C_6974

  /// The share of the rows that train, above 0 and below 1.
  private let share: Double
  private let seed: UInt64

  package init(share: Double, seed: UInt64) {
    precondition(share > 0 && share < 1, "a share that leaves rows on both sides")
    self.share = share
    self.seed = seed
  }

  /// Rows among `count` that train: the share, rounded; at least one, and at most all but one.
  package func trainingCount(of count: Int) -> Int {
    min(max(Int((share * Double(count)).rounded()), 1), max(count - 1, 1))
  }

  /// True where a row trains: the first `trainingCount` do, in a random order that the seed gives.
  package func trains(_ index: Int, of count: Int) -> Bool {
    let order = KeyedPermutation(count: count, random: KeyedRandom(seed, Self.purpose))
    return order(index) < trainingCount(of: count)
  }
}

/// Rows of a file: all, those that train, or those held out.
package enum DatasetPart: Sendable, Equatable {
  case whole
  case training(DatasetSplit)
  case heldOut(DatasetSplit)

  /// True where the row at `index`, from 0, belongs to this part of `count` rows.
  func contains(_ index: Int, of count: Int) -> Bool {
    switch self {
    case .whole: true
    case .training(let split): split.trains(index, of: count)
    case .heldOut(let split): !split.trains(index, of: count)
    }
  }
}
