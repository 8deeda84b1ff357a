import TestSupport
import Testing

import Trainer

@Suite struct BytePairMergerTests {
  /// Pairs of twelve symbols that become each other at random.
  private static func randomMerges(_ generator: inout SeededGenerator) -> PairTable {
    var table = PairTable()
    for rank in 0..<60 {
      let left = Int32.random(in: 0..<12, using: &generator)
      let right = Int32.random(in: 0..<12, using: &generator)
      let id = Int32.random(in: 0..<12, using: &generator)
      table.insert(left, right, .init(rank: Int32(rank), id: id))
    }
    return table
  }

  @Test func bothMethodsAgree() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<300 {
      let merger = BytePairMerger(Self.randomMerges(&generator))
      let length = Int.random(in: 0...90, using: &generator)
      let symbols = (0..<length).map { _ in Int32.random(in: 0..<12, using: &generator) }
      #expect(merger.mergedByScanning(symbols) == merger.mergedByHeap(symbols))
    }
  }

  @Test func lowerRanksFirstThenTheLeftmost() {
    var table = PairTable()
    table.insert(1, 2, .init(rank: 1, id: 12))
    table.insert(2, 3, .init(rank: 0, id: 23))
    table.insert(1, 1, .init(rank: 2, id: 11))
    let merger = BytePairMerger(table)
    for merge in [merger.mergedByScanning, merger.mergedByHeap] {
      #expect(merge([1, 2, 3]) == [1, 23])
      #expect(merge([1, 2, 2]) == [12, 2])
      #expect(merge([1, 1, 1]) == [11, 1])
      #expect(merge([1]) == [1])
      #expect(merge([]) == [])
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func aLongWordTakesNoQuadraticTime() throws {
    let tokenizer = try loadTokenizer(description: TokenizerFixture.scored)
    let count = 60_000
    let ids = tokenizer.encode(String(repeating: "ab", count: count))
    #expect(ids.count == count)
    #expect(ids.first == 263)
  }
}
