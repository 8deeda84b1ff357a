/// A permutation of 0 ..< count that maps one index at a time, without the rest ever being laid out.
///
/// Swap-or-not: each round pairs x with (k − x) mod count, and one random bit of the pair decides whether the two
/// change places. A round is its own inverse, hence the whole is a permutation whatever the bits.
///
/// - Source: Hoang, Morris, Rogaway: An Enciphering Scheme Based on a Card Shuffle, arXiv:1208.1176, figure 1.
package struct KeyedPermutation: Sendable {
  private let count: Int
  private let rounds: Int
  private let random: KeyedRandom

  package init(count: Int, random: KeyedRandom) {
    precondition(count > 0, "a permutation of nothing")
    self.count = count
    self.random = random
    // The paper's bound falls with a few times log₂ count rounds; this is for order, not for secrets.
    let bits = Int.bitWidth - count.leadingZeroBitCount
    rounds = 4 * bits + 16
  }

  /// The image of `index`.
  package func callAsFunction(_ index: Int) -> Int {
    var x = index
    for round in 0..<rounds {
      let key = random.integer(UInt64(round), below: count)
      let partner = key >= x ? key - x : key - x + count
      // The keys took the counters below 2³²; each round's pairs have their own range above.
      let counter = UInt64(round + 1) << 40 | UInt64(max(x, partner))
      if random.bits(counter) >> 63 == 1 { x = partner }
    }
    return x
  }
}
