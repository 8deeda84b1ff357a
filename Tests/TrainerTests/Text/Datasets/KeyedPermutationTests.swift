import Testing

import Trainer

@Suite("Keyed permutation")
struct KeyedPermutationTests {
  @Test("each index is hit once, at any size", arguments: [1, 2, 3, 4, 5, 31, 32, 33, 1000, 4097])
  func isPermutation(_ count: Int) {
    let permutation = KeyedPermutation(count: count, random: KeyedRandom(7))
    #expect((0..<count).map { permutation($0) }.sorted() == Array(0..<count))
  }

  @Test("every order of four comes about equally often, over keys")
  func isUniform() {
    var counts: [[Int]: Int] = [:]
    for key in 0..<4800 {
      let permutation = KeyedPermutation(count: 4, random: KeyedRandom(UInt64(key)))
      counts[(0..<4).map { permutation($0) }, default: 0] += 1
    }
    #expect(counts.count == 24)
    // Chi-squared with 23 degrees of freedom is above 60 once in 30,000 trials; the keys are fixed.
    let chiSquared = counts.values.reduce(0) { $0 + Double(($1 - 200) * ($1 - 200)) / 200 }
    #expect(chiSquared < 60, "\(chiSquared)")
  }

  @Test("random bits depend on each part of the key and on the counter")
  func bits() {
    let values = [
      KeyedRandom(1, 2).bits(0), KeyedRandom(2, 1).bits(0), KeyedRandom(1, 2, 0).bits(0), KeyedRandom(1).bits(0),
      KeyedRandom(1, 2).bits(1), KeyedRandom(0).bits(0), KeyedRandom().bits(0), KeyedRandom(0, 0).bits(0),
    ]
    #expect(Set(values).count == values.count)
    let random = KeyedRandom(3)
    let mean = (0..<10_000).reduce(0) { $0 + random.unit(UInt64($1)) } / 10_000
    #expect(abs(mean - 0.5) < 0.015)
    #expect((0..<1000).allSatisfy { (0..<7).contains(random.integer(UInt64($0), below: 7)) })
  }
}
