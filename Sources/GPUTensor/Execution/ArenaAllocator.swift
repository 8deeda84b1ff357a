/// Places requests of known lifetimes in as little memory as a greedy rule finds: largest first, lowest gap that is free.
struct ArenaAllocator {
  /// Bytes that are taken from one node to another.
  struct Interval {
    let first: Int
    let last: Int
    let start: Int
    let end: Int
  }

  struct Arena {
    var byteCount = 0
    /// In the order of their starts.
    var taken: [Interval] = []
    /// `taken`, bucketed by runs of 128 nodes: a short-lived value searches its own bucket only.
    var stretches: [[Interval]] = []
  }

  /// Nodes of a stretch.
  private static let stretchNodes = 128

  let largestBuffer: Int
  private(set) var arenas: [Arena] = []

  init(largestBuffer: Int) {
    self.largestBuffer = largestBuffer
  }

  mutating func place(first: Int, last: Int, byteCount: Int) -> Plan.Placement {
    let size = SlabLayout.aligned(byteCount)
    for index in arenas.indices {
      let offset = lowestGap(in: arenas[index], first: first, last: last, size: size)
      if offset + size <= largestBuffer { return take(index, offset, first, last, size, byteCount) }
    }
    arenas.append(Arena())
    return take(arenas.count - 1, 0, first, last, size, byteCount)
  }

  /// The stretches from one node, −1 being before the first, to another.
  private func stretches(_ first: Int, _ last: Int) -> ClosedRange<Int> {
    (first + 1) / Self.stretchNodes...(last + 1) / Self.stretchNodes
  }

  private func lowestGap(in arena: Arena, first: Int, last: Int, size: Int) -> Int {
    let range = stretches(first, last)
    guard range.count == 1 else { return lowestGap(in: arena.taken, first: first, last: last, size: size) }
    guard range.lowerBound < arena.stretches.count else { return 0 }
    return lowestGap(in: arena.stretches[range.lowerBound], first: first, last: last, size: size)
  }

  private func lowestGap(in taken: [Interval], first: Int, last: Int, size: Int) -> Int {
    var offset = 0
    taken.withUnsafeBufferPointer { taken in
      for other in taken where other.end > offset && other.first <= last && first <= other.last {
        if offset + size <= other.start { break }
        offset = other.end
      }
    }
    return offset
  }

  private mutating func take(
    _ index: Int, _ offset: Int, _ first: Int, _ last: Int, _ size: Int, _ byteCount: Int
  ) -> Plan.Placement {
    let interval = Interval(first: first, last: last, start: offset, end: offset + size)
    Self.insert(interval, into: &arenas[index].taken)
    for stretch in stretches(first, last) {
      while arenas[index].stretches.count <= stretch { arenas[index].stretches.append([]) }
      Self.insert(interval, into: &arenas[index].stretches[stretch])
    }
    arenas[index].byteCount = max(arenas[index].byteCount, offset + size)
    return Plan.Placement(arena: index, offset: offset, byteCount: byteCount)
  }

  private static func insert(_ interval: Interval, into list: inout [Interval]) {
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if list[middle].start < interval.start { low = middle + 1 } else { high = middle }
    }
    list.insert(interval, at: low)
  }
}
