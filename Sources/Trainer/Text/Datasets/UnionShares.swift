import Foundation

/// Shares of a round's draws among D1 … Di.
///
/// Shares are integers over their sum, so that a position's dataset is exact, however large the position.
struct UnionShares: Sendable {
  /// Each dataset's share, in units of their sum.
  private let weights: [UInt64]
  /// Sums of the weights of dataset k and of all after it, for each k.
  private let tails: [UInt64]
  /// Draws of one epoch.
  let drawsPerEpoch: Int

  /// The unit of fractions: a millionth.
  private static let unit = 1_000_000.0
  /// Sum, about, that real-valued weights are scaled to: times a fraction in millionths it still fits 64 bits.
  private static let resolution = 0x1p40

  /// - Parameters:
  ///   - rowCounts: rows of each of D1 … Di.
  ///   - names: names of the same datasets, for weights by name.
  ///   - hasBase: true where the rows of `base_replay` are drawn from too, as the last dataset.
  init(rowCounts: [Int], names: [String] = [], union: UnionSettings, hasBase: Bool = false) {
    let total = rowCounts.reduce(0, +)
    let earlier = rowCounts.dropLast()
    var weights = Self.weights(rowCounts, names: names, union: union)
    var draws = total
    if let fraction = union.replayFraction, let newest = rowCounts.last, !earlier.isEmpty {
      let replay = UInt64((fraction * Self.unit).rounded())
      let fresh = UInt64(Self.unit) - replay
      let earlierSum = weights.dropLast().reduce(0, +)
      weights = weights.dropLast().map { $0 * replay } + [fresh * earlierSum]
      // An epoch shows each new row once, with the replay beside it; with a replay fraction of 1, as many draws as the
      // earlier datasets have rows.
      draws =
        fresh == 0
        ? earlier.reduce(0, +) : Int((Double(newest) * Self.unit / Double(fresh)).rounded(.up))
    }
    if hasBase, let base = union.baseReplay {
      let replay = min(max(UInt64((base.fraction * Self.unit).rounded()), 1), UInt64(Self.unit) - 1)
      let rest = UInt64(Self.unit) - replay
      weights = Self.reduced(weights)
      weights = weights.map { $0 * rest } + [weights.reduce(0, +) * replay]
      draws = Int((Double(draws) * Self.unit / Double(rest)).rounded(.up))
    }
    self.init(weights: weights, drawsPerEpoch: draws)
  }

  private static func weights(_ rowCounts: [Int], names: [String], union: UnionSettings) -> [UInt64] {
    switch union.sampling {
    case .equal: rowCounts.map { _ in 1 }
    case .proportional: rowCounts.map { UInt64($0) }
    case .temperature: parts(rowCounts.map { pow(Double($0), 1 / (union.temperature ?? 1)) })
    case .weights: reduced(rowCounts.indices.map { UInt64(((union.weights?[names[$0]] ?? 1) * unit).rounded(.up)) })
    }
  }

  /// The same proportions in smaller integers: divided by the greatest common divisor; rounded where the sum still
  /// exceeds `resolution`.
  private static func reduced(_ weights: [UInt64]) -> [UInt64] {
    let divisor = weights.reduce(0, greatestCommonDivisor)
    let small = weights.map { divisor > 1 ? $0 / divisor : $0 }
    return small.reduce(0, +) > UInt64(resolution) ? parts(small.map { Double($0) }) : small
  }

  private static func greatestCommonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }

  /// Integers in the same proportions that sum to about `resolution`; 0 only where the share is 0.
  private static func parts(_ shares: [Double]) -> [UInt64] {
    let sum = shares.reduce(0, +)
    return shares.map { $0 == 0 ? 0 : max(UInt64(($0 / sum * resolution).rounded()), 1) }
  }

  /// Shares in a subset (`union.examples`), by each dataset's rows in it; an epoch is one pass over the subset.
  init(quotas: [Int]) {
    self.init(weights: quotas.map { UInt64($0) }, drawsPerEpoch: quotas.reduce(0, +))
  }

  private init(weights: [UInt64], drawsPerEpoch: Int) {
    self.weights = weights
    tails = weights.indices.map { weights[$0...].reduce(0, +) }
    self.drawsPerEpoch = drawsPerEpoch
  }

  /// The dataset of a position, and how many positions before it were that dataset's.
  ///
  /// The first dataset's positions lie evenly among all, the second's evenly among the rest, and so on: of the first p
  /// positions, ⌈p · weight / sum⌉ belong to the dataset in question.
  func place(of position: Int) -> (dataset: Int, rank: Int) {
    var rank = UInt64(position)
    for dataset in weights.indices {
      let before = ceilingOf(rank, times: weights[dataset], over: tails[dataset])
      if ceilingOf(rank + 1, times: weights[dataset], over: tails[dataset]) > before {
        return (dataset, Int(before))
      }
      rank -= before
    }
    preconditionFailure("the last dataset with a weight takes what is left")
  }

  /// Rows of each dataset in a subset of `count` rows.
  func quotas(of count: Int) -> [Int] {
    var rest = UInt64(count)
    return weights.indices.map { dataset in
      let quota = ceilingOf(rest, times: weights[dataset], over: tails[dataset])
      rest -= quota
      return Int(quota)
    }
  }

  /// ⌈value · weight / sum⌉, through 128 bits; weight is at most sum, so it fits.
  private func ceilingOf(_ value: UInt64, times weight: UInt64, over sum: UInt64) -> UInt64 {
    guard weight > 0 else { return 0 }
    let product = value.multipliedFullWidth(by: weight)
    let (quotient, remainder) = sum.dividingFullWidth(product)
    return remainder == 0 ? quotient : quotient + 1
  }
}
