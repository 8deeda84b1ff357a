/// Byte-pair encoding: joins the neighbours with the lowest rank, the leftmost of equals, until none can be joined.
///
/// - Source: arXiv:1508.07909 (Sennrich et al. 2016), section 3.2.
package struct BytePairMerger: Sendable {
  /// Up to here rescanning the word costs less than keeping a heap.
  package static let shortWord = 32

  private let merges: PairTable
  private let boundaries: MergeBoundaries?

  /// - Parameter boundaries: where long words fall apart; nil keeps them whole
  package init(_ merges: PairTable, boundaries: MergeBoundaries? = nil) {
    self.merges = merges
    self.boundaries = boundaries
  }

  /// The symbols after all merges.
  package func merged(_ symbols: [Int32]) -> [Int32] {
    if symbols.count <= Self.shortWord { return mergedByScanning(symbols) }
    guard let boundaries else { return mergedByHeap(symbols) }
    var result: [Int32] = []
    for run in boundaries.runs(of: symbols) {
      result += run.count <= Self.shortWord ? mergedByScanning(Array(run)) : mergedByHeap(Array(run))
    }
    return result
  }

  /// Time quadratic in the count of symbols.
  package func mergedByScanning(_ input: [Int32]) -> [Int32] {
    guard input.count > 1 else { return input }
    var symbols = input
    // Entry i is the merge of symbols i and i + 1.
    var candidates: [PairTable.Value?] = []
    candidates.reserveCapacity(symbols.count)
    for index in 1..<symbols.count { candidates.append(merges[symbols[index - 1], symbols[index]]) }
    while true {
      var best = -1
      var bestRank = Int32.max
      for (index, candidate) in candidates.enumerated() {
        if let candidate, best < 0 || candidate.rank < bestRank {
          best = index
          bestRank = candidate.rank
        }
      }
      guard best >= 0, let merge = candidates[best] else { return symbols }
      symbols[best] = merge.id
      symbols.remove(at: best + 1)
      candidates.remove(at: best)
      if best > 0 { candidates[best - 1] = merges[symbols[best - 1], symbols[best]] }
      if best < candidates.count { candidates[best] = merges[symbols[best], symbols[best + 1]] }
    }
  }

  /// Time n log n in the count of symbols: a linked list of symbols, a heap of candidates.
  package func mergedByHeap(_ input: [Int32]) -> [Int32] {
    guard input.count > 1 else { return input }
    var symbols = input
    let count = symbols.count
    // Removed symbols hold -1; `next` of the last one is `count`.
    var next = (0..<count).map { $0 + 1 }
    var previous = (0..<count).map { $0 - 1 }
    var heap = BinaryHeap<MergeCandidate>()
    for index in 1..<count { push(symbols[index - 1], symbols[index], at: index - 1, onto: &heap) }
    while let candidate = heap.pop() {
      let left = candidate.position
      let right = next[left]
      // A candidate is stale when a later merge has changed either side.
      guard symbols[left] == candidate.left, right < count, symbols[right] == candidate.right else { continue }
      symbols[left] = candidate.merged
      symbols[right] = -1
      next[left] = next[right]
      if next[left] < count {
        previous[next[left]] = left
        push(symbols[left], symbols[next[left]], at: left, onto: &heap)
      }
      if previous[left] >= 0 { push(symbols[previous[left]], symbols[left], at: previous[left], onto: &heap) }
    }
    return symbols.filter { $0 >= 0 }
  }

  private func push(_ left: Int32, _ right: Int32, at position: Int, onto heap: inout BinaryHeap<MergeCandidate>) {
    guard let merge = merges[left, right] else { return }
    heap.push(.init(rank: merge.rank, position: position, left: left, right: right, merged: merge.id))
  }
}

/// A possible merge: the lowest rank goes first, then the leftmost.
private struct MergeCandidate: Comparable {
  var rank: Int32
  var position: Int
  var left: Int32
  var right: Int32
  var merged: Int32

  static func < (first: MergeCandidate, second: MergeCandidate) -> Bool {
    first.rank != second.rank ? first.rank < second.rank : first.position < second.position
  }
}
