/// The places in a sequence of symbols that no merge can ever reach across.
///
/// A scored vocabulary merges whole texts, not words, and a heap over a megabyte of symbols is slow. But hardly any
/// piece holds, say, a letter followed by "▁": if no merge has a left side that ends with the one symbol and a
/// right side that begins with the other, the two sides of that place are merged apart with the same result.
package struct MergeBoundaries: Sendable {
  /// Passes over the merges; pieces are mostly made from pieces that come before them, so two suffice.
  private static let greatestPassCount = 64

  /// Neighbours that some merge can bring together; nil where that cannot be told for certain.
  private let joinable: PairTable?

  /// - Parameters:
  ///   - merges: all merges
  ///   - symbols: the ids that a text is spelled in before any merge
  ///   - idCount: one more than the greatest id
  package init(_ merges: [SubwordModel.Merge], symbols: some Sequence<Int32>, idCount: Int) {
    var ends = [Ends](repeating: Ends(), count: idCount)
    for symbol in symbols where ends.indices.contains(Int(symbol)) {
      ends[Int(symbol)] = Ends(first: .symbol(symbol), last: .symbol(symbol))
    }
    var passes = 0
    var isSettled = false
    while !isSettled, passes < Self.greatestPassCount {
      isSettled = true
      for merge in merges {
        let left = ends[Int(merge.left)]
        let right = ends[Int(merge.right)]
        guard left.last != .none, right.first != .none else { continue }
        let merged = ends[Int(merge.result)].joined(Ends(first: left.first, last: right.last))
        if merged != ends[Int(merge.result)] {
          ends[Int(merge.result)] = merged
          isSettled = false
        }
      }
      passes += 1
    }
    joinable = isSettled ? Self.pairs(merges, ends) : nil
  }

  private static func pairs(_ merges: [SubwordModel.Merge], _ ends: [Ends]) -> PairTable? {
    var pairs = PairTable()
    for merge in merges {
      switch (ends[Int(merge.left)].last, ends[Int(merge.right)].first) {
      case (.none, _), (_, .none): continue
      case (.symbol(let left), .symbol(let right)): pairs.insert(left, right, .init(rank: 0, id: 0))
      default: return nil
      }
    }
    return pairs
  }

  /// The runs that merge apart from each other, in order.
  package func runs(of symbols: [Int32]) -> [ArraySlice<Int32>] {
    guard let joinable, symbols.count > 1 else { return [symbols[...]] }
    var runs: [ArraySlice<Int32>] = []
    var start = 0
    for index in 1..<symbols.count where joinable[symbols[index - 1], symbols[index]] == nil {
      runs.append(symbols[start..<index])
      start = index
    }
    runs.append(symbols[start...])
    return runs
  }

  /// A symbol at one end of a piece.
  private enum End: Equatable {
    /// The piece cannot arise.
    case none
    case symbol(Int32)
    /// Different ways to make the piece have different symbols there.
    case several

    func joined(_ other: End) -> End {
      if self == .none || self == other { return other }
      return other == .none ? self : .several
    }
  }

  private struct Ends: Equatable {
    var first = End.none
    var last = End.none

    func joined(_ other: Ends) -> Ends {
      Ends(first: first.joined(other.first), last: last.joined(other.last))
    }
  }
}
