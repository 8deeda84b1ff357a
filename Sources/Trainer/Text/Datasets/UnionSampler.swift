/// One row that a round reads.
package struct Draw: Sendable, Equatable {
  /// Index of the dataset: 0 is D1.
  package let dataset: Int
  /// Index of the sample within the dataset.
  package let sample: Int
  /// Whether the sample's reversed variant is meant.
  package let reversed: Bool

  package init(dataset: Int, sample: Int, reversed: Bool) {
    self.dataset = dataset
    self.sample = sample
    self.reversed = reversed
  }
}

/// Which rows round i reads from D1 ∪ … ∪ Di, and in which order.
///
/// `draw(position:)` is a pure function of (seed, round, position): nothing is remembered between draws, so a resumed
/// round continues from a number.
///
/// The datasets' shares are met exactly, not on average: position p belongs to the k-th dataset by the rule that draws
/// an even line through a grid, so that any number of first positions holds each dataset's share to within a row or
/// two (shuffled runs mix the order inside blocks of 64). The n-th time that a dataset is drawn, its row is the n-th of a permutation
/// that changes with each pass: no row comes again before all have come.
package struct UnionSampler: Sendable {
  /// What a round draws by.
  package struct Settings: Sendable, Equatable {
    package var union: UnionSettings
    package var shuffle: Bool
    /// Share of rows in reverse order.
    package var reverseShare: Double

    package init(union: UnionSettings, shuffle: Bool, reverseShare: Double) {
      self.union = union
      self.shuffle = shuffle
      self.reverseShare = reverseShare
    }
  }

  /// Positions whose datasets are mixed together when shuffled.
  private static let blockLength = 64

  private let settings: Settings
  private let seed: UInt64
  private let round: UInt64
  /// Rows of each dataset.
  private let rowCounts: [Int]
  /// Rows of each dataset that this round draws from.
  private let poolCounts: [Int]
  private let shares: UnionShares
  /// Draws of one epoch: the subset's rows; else, with a replay fraction, as many as show every new row once; else the
  /// union's rows.
  package var drawsPerEpoch: Int { shares.drawsPerEpoch }

  /// - Parameters:
  ///   - rowCounts: samples of D1 … Di, none of them 0.
  ///   - names: of the same datasets, for weights by name.
  ///   - baseRows: samples of `union.base_replay`, the dataset after Di; nil: there is none.
  ///   - round: i, from 1; the key of the order only, since `rowCounts` says how many datasets there are.
  package init(
    rowCounts: [Int], names: [String] = [], baseRows: Int? = nil, settings: Settings, seed: UInt64, round: Int
  ) {
    let whole = UnionShares(rowCounts: rowCounts, names: names, union: settings.union, hasBase: baseRows != nil)
    let rowCounts = rowCounts + (baseRows.map { [$0] } ?? [])
    precondition(!rowCounts.isEmpty && rowCounts.allSatisfy { $0 > 0 }, "each dataset has a sample")
    self.rowCounts = rowCounts
    self.settings = settings
    self.seed = seed
    self.round = UInt64(round)
    if let examples = settings.union.examples {
      // A dataset that is smaller than its quota comes round again: the shares are what was asked for.
      let quotas = whole.quotas(of: examples)
      shares = UnionShares(quotas: quotas)
      poolCounts = zip(rowCounts, quotas).map { min($0, $1) }
    } else {
      shares = whole
      poolCounts = rowCounts
    }
  }

  /// The row at a position, counted from 0.
  package func draw(position: Int) -> Draw {
    let (dataset, rank) = settings.shuffle ? mixedPlace(of: position) : shares.place(of: position)
    let pool = poolCounts[dataset]
    return Draw(
      dataset: dataset, sample: sample(dataset: dataset, pass: rank / pool, index: rank % pool, pool: pool),
      reversed: isReversed(position))
  }

  /// The purposes that random bits are drawn for, so that none shares its bits with another.
  private enum Purpose: UInt64 {
    case mixing = 1
    case subset
    case order
    case direction
  }

  private func random(_ purpose: Purpose, _ first: Int = 0, _ second: Int = 0) -> KeyedRandom {
    KeyedRandom(seed, round, purpose.rawValue, UInt64(first), UInt64(second))
  }

  /// Dataset and rank of a position whose block's order is mixed; the counts before the block do not change by it.
  private func mixedPlace(of position: Int) -> (dataset: Int, rank: Int) {
    guard rowCounts.count > 1 else { return (0, position) }
    let start = position - position % Self.blockLength
    let places = (0..<Self.blockLength).map { shares.place(of: start + $0) }
    var datasets = places.map(\.dataset)
    // Fisher–Yates, on a block's worth.
    let random = random(.mixing, start / Self.blockLength)
    for last in stride(from: datasets.count - 1, to: 0, by: -1) {
      datasets.swapAt(last, random.integer(UInt64(last), below: last + 1))
    }
    let offset = position - start
    let dataset = datasets[offset]
    // The block's first rank of the dataset, and how often the mixed order has drawn it since.
    let first = places.first { $0.dataset == dataset }?.rank ?? 0
    return (dataset, first + datasets[..<offset].count { $0 == dataset })
  }

  private func sample(dataset: Int, pass: Int, index: Int, pool: Int) -> Int {
    guard settings.shuffle else { return index }
    let shuffled = KeyedPermutation(count: pool, random: random(.order, dataset, pass))(index)
    guard pool < rowCounts[dataset] else { return shuffled }
    // The round's subset is the first `pool` rows of one permutation of the dataset.
    return KeyedPermutation(count: rowCounts[dataset], random: random(.subset, dataset))(shuffled)
  }

  private func isReversed(_ position: Int) -> Bool {
    guard settings.reverseShare > 0 else { return false }
    return random(.direction).unit(UInt64(position)) < settings.reverseShare
  }
}
