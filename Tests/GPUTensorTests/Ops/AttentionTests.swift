import GPUTensor
import TestSupport
import Testing

@Suite("Attention")
struct AttentionTests {
  private func attend(q: [Float], k: [Float], v: [Float], heads: Int, starts: [Int]) throws -> [Double] {
    let test = TestGraph(rowCapacity: starts.count)
    let (rows, count) = (test.graph.rows, starts.count)
    let ends = (0..<count).map { row in starts.lastIndex(of: starts[row]).map { $0 + 1 } ?? count }
    let out = test.parameter(rows(heads), q).attention(
      keys: test.parameter(rows(1), k), values: test.parameter(rows(1), v), keyStart: test.ints(starts),
      keyEnd: test.ints((1...count).map { $0 }), queryEnd: test.ints(ends),
      layout: AttentionLayout(heads: heads, keyValueHeads: 1, headSize: 1))
    return try test.run(out)[0]
  }

  @Test("two tokens, causal; by hand")
  func twoTokens() throws {
    // The first token attends to itself alone; the second has the weights softmax(0, ln 3) = (1/4, 3/4): 1/4 · 1 + 3/4
    // · 5 = 4.
    let out = try attend(q: [1, 1], k: [0, Float.log(3)], v: [1, 5], heads: 1, starts: [0, 0])
    #expect(largestDifference(out, [1, 4]) < 1e-7, "ln 3 is rounded to a float: \(out)")
  }

  @Test("query heads of a group share a key head; by hand")
  func groupedQueries() throws {
    // Head 0's query is 1, head 1's is −1: weights (1/4, 3/4) and (3/4, 1/4).
    let out = try attend(q: [1, -1, 1, -1], k: [0, Float.log(3)], v: [1, 5], heads: 2, starts: [0, 0])
    #expect(largestDifference(out, [1, 1, 4, 2]) < 1e-7, "ln 3 is rounded to a float: \(out)")
  }

  @Test("samples side by side do not see each other; by hand")
  func packedSamples() throws {
    let out = try attend(
      q: [1, 1, 1], k: [0, 7, 7 + Float.log(3)], v: [2, 1, 5], heads: 1, starts: [0, 1, 1])
    #expect(largestDifference(out, [2, 1, 4]) < 1e-6, "7 + ln 3 is rounded to a float: \(out)")
  }

  @Test("scores by a given scale, and capped; by hand")
  func scaledAndCapped() throws {
    // Scores 0 and ln 3, as in the first test: half of 2 ln 3; and with the cap c = 2 ln 3, c · tanh(s / c) for s / c =
    // artanh ½ = ln 3 / 2, so s = (ln 3)².
    let logThree = Float.log(3)
    for (scale, cap, key) in [(0.5, nil, 2 * logThree), (nil, 2 * logThree, logThree * logThree)]
      as [(Float?, Float?, Float)]
    {
      let test = TestGraph(rowCapacity: 2)
      let rows = test.graph.rows
      let out = test.parameter(rows(1), [1, 1]).attention(
        keys: test.parameter(rows(1), [0, key]), values: test.parameter(rows(1), [1, 5]), keyStart: test.ints([0, 0]),
        keyEnd: test.ints([1, 2]), queryEnd: test.ints([2, 2]),
        layout: AttentionLayout(heads: 1, keyValueHeads: 1, headSize: 1, scale: scale, softCap: cap))
      let values = try test.run(out)[0]
      #expect(largestDifference(values, [1, 4]) < 1e-6, "ln 3 is rounded to a float: \(values)")
    }
  }
}
