import TestSupport
import Testing

import Trainer

@Suite struct PairTableTests {
  @Test func holdsWhatADictionaryHolds() {
    var generator = SeededGenerator(seed: 3)
    var table = PairTable()
    var expected: [[Int32]: PairTable.Value] = [:]
    for rank in 0..<2000 {
      let left = Int32.random(in: 0..<60, using: &generator)
      let right = Int32.random(in: 0..<60, using: &generator)
      let value = PairTable.Value(rank: Int32(rank), id: Int32(rank * 3))
      table.insert(left, right, value)
      expected[[left, right]] = value
    }
    #expect(table.count == expected.count)
    for left in Int32(0)..<60 {
      for right in Int32(0)..<60 { #expect(table[left, right] == expected[[left, right]]) }
    }
  }
}
