/// Random bits that are a pure function of a key, so that any draw can be made again without the draws before it.
///
/// The key is a list of integers (seed, round, position, …), folded one by one through SplitMix64's finaliser.
///
/// - Source: Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators (OOPSLA 2014), section 5.
package struct KeyedRandom: Sendable {
  /// The state that the key folds to.
  private let state: UInt64

  package init(_ key: UInt64...) {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for part in key { state = Self.mix(state ^ Self.mix(part &+ 0x9E37_79B9_7F4A_7C15)) &+ 0x9E37_79B9_7F4A_7C15 }
    self.state = state
  }

  /// 64 random bits for a counter.
  package func bits(_ counter: UInt64) -> UInt64 { Self.mix(state &+ counter &* 0x9E37_79B9_7F4A_7C15) }

  /// A whole number from 0 to below `limit`; the bias is below `limit` / 2⁶⁴.
  package func integer(_ counter: UInt64, below limit: Int) -> Int {
    Int(bits(counter).multipliedFullWidth(by: UInt64(limit)).high)
  }

  /// A number from 0 to below 1, of 53 bits.
  package func unit(_ counter: UInt64) -> Double { Double(bits(counter) >> 11) * 0x1p-53 }

  /// SplitMix64's finaliser: one to one, and every bit of the value moves every bit of the result.
  static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
