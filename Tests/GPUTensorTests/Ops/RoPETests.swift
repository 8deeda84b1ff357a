import GPUTensor
import TestSupport
import Testing

@Suite("Rotary position embedding")
struct RoPETests {
  @Test("a quarter turn takes the pair (i, i + D/2) of (1, 0) to (0, 1); by hand")
  func quarterTurn() throws {
    // D = 4: the first pair rotates by a quarter turn for each position, the second by a half.
    let test = TestGraph(rowCapacity: 3)
    let table = test.parameter(3, 4, values: [1, 1, 0, 0, 0, -1, 1, 0, -1, 1, 0, 0])
    let row: [Float] = [1, 2, 0, 5]
    let x = test.parameter(test.graph.rows(4), row + row + row)
    let out = x.rope(table: table, positions: test.ints([1, 0, 2]), headSize: 4)
    #expect(try test.run(out) == [[0, -2, 1, -5, 1, 2, 0, 5, -1, 2, 0, 5]])
  }

  @Test("the table holds D/2 cosines, then D/2 sines of each position")
  func table() {
    let table = RoPETable.make(frequencies: [.pi / 2, .pi], positions: 3)
    let expected: [Double] = [1, 1, 0, 0, 0, -1, 1, 0, -1, 1, 0, 0]
    #expect(largestDifference(table.map(Double.init), expected) < 1e-7)
  }

  @Test("only the distance of two positions counts")
  func relative() throws {
    let test = TestGraph(rowCapacity: 4)
    let table = test.parameter(
      Shape([10, 6]), RoPETable.make(frequencies: [1, 0.3, 0.01], positions: 10))
    let (q, k) = ([0.3, -1, 2, 0.5, 1, -0.7] as [Float], [1, 0.2, -0.4, 0.9, -2, 0.1] as [Float])
    let x = test.parameter(test.graph.rows(6), q + k + q + k)
    let turned = try test.run(x.rope(table: table, positions: test.ints([5, 3, 9, 7]), headSize: 6))[0]
    func dot(_ a: Int, _ b: Int) -> Double { (0..<6).reduce(0) { $0 + turned[a * 6 + $1] * turned[b * 6 + $1] } }
    #expect(abs(dot(0, 1) - dot(2, 3)) < 1e-6, "the table is rounded to floats")
  }

  @Test(
    "a table of fewer columns than the head turns the first ones, and its gradient too; by hand",
    arguments: ExecutorChoice.all)
  func partial(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 2)
    // A quarter turn of the pair (0, 1) at position 1.
    let table = test.parameter(2, 2, values: [1, 0, 0, 1])
    let x = test.parameter(test.graph.rows(6), [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6])
    let out = x.rope(table: table, positions: test.ints([1, 0]), headSize: 3)
    let seed = test.parameter(test.graph.rows(6), [1, 0, 7, 0, 1, 8, 1, 0, 7, 0, 1, 8])
    let dx = test.graph.gradients(of: out, with: [x], seed: seed)[0]
    let values = try test.run(out, dx, on: try choice.make())
    #expect(values[0] == [-2, 1, 3, -5, 4, 6, 1, 2, 3, 4, 5, 6])
    #expect(values[1] == [0, -1, 7, 1, 0, 8, 1, 0, 7, 0, 1, 8])
  }
}
