import TestSupport
import Testing

import Trainer

@Suite struct MergeBoundariesTests {
  private static func table(_ merges: [SubwordModel.Merge]) -> PairTable {
    var table = PairTable()
    for (rank, merge) in merges.enumerated() {
      table.insert(merge.left, merge.right, .init(rank: Int32(rank), id: merge.result))
    }
    return table
  }

  @Test func cutsOnlyWhereNoMergeReaches() {
    // Symbols 0, 1, 2; 3 = 0 1; 4 = 3 0, whose ends make 1 and 0 neighbours too.
    let merges: [SubwordModel.Merge] = [.init(left: 0, right: 1, result: 3), .init(left: 3, right: 0, result: 4)]
    let boundaries = MergeBoundaries(merges, symbols: [0, 1, 2], idCount: 5)
    #expect(boundaries.runs(of: [0, 1, 0, 2, 0, 0, 1]) == [[0, 1, 0], [2], [0], [0, 1]])
    #expect(boundaries.runs(of: [2]) == [[2]])
  }

  @Test func mergingRunByRunChangesNothing() {
    var generator = SeededGenerator(seed: 13)
    var cutCount = 0
    for _ in 0..<200 {
      let symbolCount = Int32(6)
      // New ids now and then; otherwise ids that exist already, also symbols, which makes their ends uncertain.
      var idCount = symbolCount
      var merges: [SubwordModel.Merge] = []
      let isClean = Bool.random(using: &generator)
      for _ in 0..<8 {
        let left = Int32.random(in: 0..<idCount, using: &generator)
        let right = Int32.random(in: 0..<idCount, using: &generator)
        if merges.contains(where: { $0.left == left && $0.right == right }) { continue }
        if isClean || Bool.random(using: &generator) {
          merges.append(.init(left: left, right: right, result: idCount))
          idCount += 1
        } else {
          merges.append(.init(left: left, right: right, result: Int32.random(in: 0..<idCount, using: &generator)))
        }
      }
      merges.shuffle(using: &generator)
      let boundaries = MergeBoundaries(merges, symbols: 0..<symbolCount, idCount: Int(idCount))
      let table = Self.table(merges)
      let symbols = (0..<80).map { _ in Int32.random(in: 0..<symbolCount, using: &generator) }
      cutCount += boundaries.runs(of: symbols).count - 1
      #expect(BytePairMerger(table, boundaries: boundaries).merged(symbols) == BytePairMerger(table).merged(symbols))
    }
    #expect(cutCount > 1000)
  }
}
