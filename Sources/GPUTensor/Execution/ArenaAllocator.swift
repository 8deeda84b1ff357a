/// Places memory requests of known lifetimes greedily: each in the lowest gap that is free during its life. `Plan` places
/// the largest request first.
struct ArenaAllocator {
  /// A byte range of an arena, in use from node `first` to node `last`, both included.
  struct Interval {
    let first: Int
    let last: Int
    let start: Int
    let end: Int
  }

  struct Arena {
    var byteCount = 0
    /// The ranges that are in use at some time, sorted by first byte.
    var taken: [Interval] = []
    /// `taken`, bucketed by 128 consecutive nodes: a value that lives within one bucket searches that bucket only.
    var stretches: [[Interval]] = []
  }

  /// Nodes in one bucket of `stretches`.
  private static let stretchNodes = 128

  /// The most bytes of an arena.
  let largestBuffer: Int
  private(set) var arenas: [Arena] = []

  init(largestBuffer: Int) {
    self.largestBuffer = largestBuffer
  }

  /// Takes memory for the nodes from `first` to `last`, in a new arena where no arena has room.
  mutating func place(first: Int, last: Int, byteCount: Int) -> Plan.Placement {
    let size = SlabLayout.aligned(byteCount)
    for index in arenas.indices {
      let offset = lowestGap(in: arenas[index], first: first, last: last, size: size)
      if offset + size <= largestBuffer { return take(index, offset, first, last, size, byteCount) }
    }
    arenas.append(Arena())
    return take(arenas.count - 1, 0, first, last, size, byteCount)
  }

  /// The buckets of the nodes from `first` to `last`; −1 is before the first node.
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
