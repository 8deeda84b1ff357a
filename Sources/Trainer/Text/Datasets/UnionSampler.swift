/// One row that a round reads.
package struct Draw: Sendable, Equatable {
  /// Index of the dataset: 0 is D1.
  package let dataset: Int
  /// Index of the sample within the dataset.
  package let sample: Int
  /// True for the sample's reversed variant.
  package let reversed: Bool
  /// Passes over the dataset's rows, or its rows in the round's subset, before this draw.
  package let pass: Int

  package init(dataset: Int, sample: Int, reversed: Bool, pass: Int = 0) {
    self.dataset = dataset
    self.sample = sample
    self.reversed = reversed
    self.pass = pass
  }
}

/// Draws the rows that round i reads from D1 ∪ … ∪ Di, in order.
///
/// `draw(position:)` is a pure function of (seed, round, position): a resumed round needs its position alone.
///
/// Shares are met exactly, not on average: the datasets are interleaved evenly (`UnionShares.place`), so that the first
/// n draws hold each dataset's share to within a row or two, for every n. `shuffle` mixes the datasets' order inside
/// blocks of 64 draws, and reads each dataset by a permutation of its own for every pass; without it, rows keep the
/// file's order. No row comes again before all have come.
package struct UnionSampler: Sendable {
  /// Settings by which a round draws.
  package struct Settings: Sendable, Equatable {
    package var union: UnionSettings
    package var shuffle: Bool
    /// Share of draws that read the reversed variant.
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
  /// Rows of each dataset in the subset that this round draws from; all of them without `union.examples`.
  let poolCounts: [Int]
  private let shares: UnionShares
  /// Draws of one epoch: the subset's rows; without a subset, as many as show every new row once where there is a
  /// replay fraction, else the union's rows, base replay on top of either.
  package var drawsPerEpoch: Int { shares.drawsPerEpoch }

  /// Draws of some epochs. Beyond 2⁵⁰ draws no run ends; the cap keeps the conversion from trapping.
  func draws(epochs: Double) -> Int { Int(min((epochs * Double(drawsPerEpoch)).rounded(.up), 0x1p50)) }

  /// - Parameters:
  ///   - rowCounts: samples of D1 … Di, none of them 0.
  ///   - names: names of the same datasets, for weights by name.
  ///   - baseRows: samples of `union.base_replay`, which is the dataset after Di; nil: there is none.
  ///   - round: i, from 1; a part of the random key alone: `rowCounts` tells how many datasets there are.
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
      // A dataset smaller than its quota is read again: the shares stay as asked for.
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
      reversed: isReversed(position), pass: rank / pool)
  }

  /// Purposes of random bits, as parts of the key: no two share their bits.
  private enum Purpose: UInt64 {
    case mixing = 1
    case subset
    case order
    case direction
  }

  private func random(_ purpose: Purpose, _ first: Int = 0, _ second: Int = 0) -> KeyedRandom {
    KeyedRandom(seed, round, purpose.rawValue, UInt64(first), UInt64(second))
  }

  /// Dataset and rank of a position, with the datasets' order mixed inside its block. The rank is the number of earlier
  /// positions of that dataset; mixing changes no rank before the block.
  private func mixedPlace(of position: Int) -> (dataset: Int, rank: Int) {
    guard rowCounts.count > 1 else { return (0, position) }
    let start = position - position % Self.blockLength
    let places = (0..<Self.blockLength).map { shares.place(of: start + $0) }
    var datasets = places.map(\.dataset)
    // Fisher–Yates over the block.
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
