/// A trie over bytes, in which each key leads to a number.
package struct ByteTrie: Sendable {
  /// The edges out of the root, -1 where there is none: most texts get no further, and a table needs no hashing.
  private var first = [Int32](repeating: -1, count: 256)
  private var edges = PairTable()
  /// The number of the key that ends at each node; -1 where none does.
  private var numbers: [Int32] = [-1]

  /// A trie without entries.
  package init() {}

  /// True where there is no entry.
  package var isEmpty: Bool { numbers.count == 1 }

  /// Adds a key; an empty one is passed over.
  /// - Parameter number: not negative; replaces the one that the key had
  package mutating func insert(_ key: some Sequence<UInt8>, _ number: Int32) {
    var node: Int32 = 0
    for byte in key {
      var next = child(of: node, byte)
      if next < 0 {
        next = Int32(numbers.count)
        numbers.append(-1)
        if node == 0 { first[Int(byte)] = next } else { edges.insert(node, Int32(byte), .init(rank: 0, id: next)) }
      }
      node = next
    }
    if node > 0 { numbers[Int(node)] = number }
  }

  /// The node after one more byte, or -1; the root is 0.
  @inline(__always)
  func child(of node: Int32, _ byte: UInt8) -> Int32 {
    node == 0 ? first[Int(byte)] : edges[node, Int32(byte)]?.id ?? -1
  }

  /// The number of the key that ends at a node, or -1.
  @inline(__always)
  func number(at node: Int32) -> Int32 { numbers[Int(node)] }

  /// The number of a key, or -1.
  func number(of key: ArraySlice<UInt8>) -> Int32 {
    var node: Int32 = 0
    for byte in key {
      node = child(of: node, byte)
      if node < 0 { return -1 }
    }
    return numbers[Int(node)]
  }

  /// The longest key that stands at an offset, by its number and its end.
  package func longestMatch(in bytes: [UInt8], at start: Int, before end: Int) -> (number: Int32, end: Int)? {
    var node: Int32 = 0
    var offset = start
    var best: (Int32, Int)?
    while offset < end {
      node = child(of: node, bytes[offset])
      if node < 0 { break }
      offset += 1
      if numbers[Int(node)] >= 0 { best = (numbers[Int(node)], offset) }
    }
    return best
  }
}
