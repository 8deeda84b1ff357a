/// The members of a JSON object in the order of the file; no key occurs twice.
///
/// Keys are compared by their bytes. Swift's strings are equal where Unicode takes them for the same, and so would
/// merge members that differ.
package struct JSONObject: Sendable {
  /// Most members of an object that is searched from the first to the last; larger ones have a hash table.
  private static let mostSearched = 8

  /// Keys and values in the order of the file.
  package private(set) var members: [(key: String, value: JSON)] = []
  /// Hashes of the keys, in the order of the members; none where there is no table.
  private var hashes: [Int] = []
  /// The hash table, open-addressed and at most half full: places in `members`, −1 where a slot is free.
  private var slots: [Int] = []

  /// An object without members.
  package init() {}

  /// An object of members whose keys differ.
  package init(_ members: [(String, JSON)]) {
    self.members.reserveCapacity(members.count)
    for (key, value) in members {
      let isNew = insert(value, for: key)
      precondition(isNew, "the key \(key) occurs twice")
    }
  }

  /// The value of `key`; nil where it is absent.
  package subscript(key: String) -> JSON? {
    if slots.isEmpty { return members.first { Self.isSame($0.key, key) }?.value }
    let place = slots[slot(of: key, hash: Self.hash(key))]
    return place < 0 ? nil : members[place].value
  }

  /// Appends a member; returns false and changes nothing where the key is there already.
  package mutating func insert(_ value: JSON, for key: String) -> Bool {
    if members.count < Self.mostSearched {
      guard !members.contains(where: { Self.isSame($0.key, key) }) else { return false }
    } else {
      if 2 * members.count >= slots.count { growTable() }
      let hash = Self.hash(key)
      let slot = slot(of: key, hash: hash)
      guard slots[slot] < 0 else { return false }
      slots[slot] = members.count
      hashes.append(hash)
    }
    members.append((key, value))
    return true
  }

  /// The slot that holds a key's place, or else the free one where it belongs.
  private func slot(of key: String, hash: Int) -> Int {
    var slot = hash & (slots.count - 1)
    while slots[slot] >= 0 {
      let place = slots[slot]
      if hashes[place] == hash, Self.isSame(members[place].key, key) { break }
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private mutating func growTable() {
    for member in members.dropFirst(hashes.count) { hashes.append(Self.hash(member.key)) }
    slots = [Int](repeating: -1, count: max(4 * Self.mostSearched, 2 * slots.count))
    for (place, hash) in hashes.enumerated() {
      var slot = hash & (slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = place
    }
  }

  /// A hash of a key's bytes, another in each process: no file can be made whose keys all fall together.
  private static func hash(_ key: String) -> Int {
    var key = key
    var hasher = Hasher()
    key.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    return hasher.finalize()
  }

  private static func isSame(_ a: String, _ b: String) -> Bool {
    a.utf8.count == b.utf8.count && a.utf8.elementsEqual(b.utf8)
  }
}

extension JSONObject: Equatable {
  /// True where the members are the same, in the same order.
  package static func == (left: Self, right: Self) -> Bool {
    left.members.elementsEqual(right.members) { isSame($0.key, $1.key) && $0.value == $1.value }
  }
}
