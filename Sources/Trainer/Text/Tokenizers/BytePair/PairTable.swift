/// An open-addressing hash table from pairs of ids to pairs of ids.
///
/// Merging looks a pair up for every two neighbours of every word, where Swift's seeded hashing costs several
/// times the probe itself; the keys are our own dense ids, so no seed is needed.
package struct PairTable: Sendable {
  /// The merge that a key leads to.
  package struct Value: Sendable, Equatable {
    /// Order of merges: lower goes first.
    package var rank: Int32
    /// The id that the pair becomes.
    package var id: Int32

    package init(rank: Int32, id: Int32) {
      self.rank = rank
      self.id = id
    }
  }

  private static let vacant = UInt64.max

  private var keys: [UInt64]
  private var values: [Value]
  package private(set) var count = 0

  /// - Parameter capacity: how many entries to expect.
  package init(capacity: Int = 0) {
    var slotCount = 16
    while slotCount < capacity * 2 { slotCount *= 2 }
    keys = Array(repeating: Self.vacant, count: slotCount)
    values = Array(repeating: Value(rank: 0, id: 0), count: slotCount)
  }

  /// The value of a pair; ids are not negative.
  package subscript(left: Int32, right: Int32) -> Value? {
    let key = Self.key(left, right)
    let mask = keys.count - 1
    var slot = Self.firstSlot(of: key, mask: mask)
    while keys[slot] != key {
      if keys[slot] == Self.vacant { return nil }
      slot = (slot + 1) & mask
    }
    return values[slot]
  }

  /// Adds a pair or replaces its value.
  package mutating func insert(_ left: Int32, _ right: Int32, _ value: Value) {
    if (count + 1) * 2 > keys.count { grow() }
    put(Self.key(left, right), value)
  }

  private mutating func put(_ key: UInt64, _ value: Value) {
    let mask = keys.count - 1
    var slot = Self.firstSlot(of: key, mask: mask)
    while keys[slot] != Self.vacant, keys[slot] != key { slot = (slot + 1) & mask }
    if keys[slot] == Self.vacant { count += 1 }
    keys[slot] = key
    values[slot] = value
  }

  private mutating func grow() {
    let old = self
    self = PairTable(capacity: old.keys.count)
    for (key, value) in zip(old.keys, old.values) where key != Self.vacant { put(key, value) }
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  // The high bits of a product with an odd constant depend on every bit of the key.
  private static func firstSlot(of key: UInt64, mask: Int) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
  }
}
