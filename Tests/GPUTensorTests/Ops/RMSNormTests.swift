import GPUTensor
import TestSupport
import Testing

@Suite("RMSNorm")
struct RMSNormTests {
  @Test("of (3, 4); by hand")
  func byHand() throws {
    // The mean of the squares is 12.5.
    let test = TestGraph(rowCapacity: 1)
    let x = test.parameter(test.graph.rows(2), [3, 4])
    let out = try test.run(x.rmsNorm(test.parameter(2, values: [1, 2]), eps: 0))[0]
    #expect(largestDifference(out, [3 / 12.5.squareRoot(), 8 / 12.5.squareRoot()]) < 1e-14)
  }

  @Test("epsilon keeps a row of zeros zero, with finite gradients", arguments: ExecutorChoice.all)
  func zeros(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 1)
    let x = test.parameter(test.graph.rows(3), [0, 0, 0])
    let seed = test.parameter(test.graph.rows(3), [1, 2, 3])
    let out = x.rmsNorm(test.parameter(3, values: [1, 1, 1]), eps: 0.0625)
    let dx = test.graph.gradients(of: out, with: [x], seed: seed)[0]
    // The derivative at 0 is 1 / √eps = 4, exactly.
    #expect(try test.run(out, dx, on: try choice.make()) == [[0, 0, 0], [4, 8, 12]])
  }

  @Test("each head of a row by itself, by 1 + weight; by hand", arguments: ExecutorChoice.all)
  func heads(_ choice: ExecutorChoice) throws {
    // The mean of the squares is 12.5 in both heads of the first row, and 2 and 0.5 in those of the second.
    let test = TestGraph(rowCapacity: 2)
    let x = test.parameter(test.graph.rows(4), [3, 4, 0, 5, 2, 0, 0, -1])
    let weight = test.parameter(2, values: [0, 1])
    let out = x.rmsNorm(weight, eps: 0, weightOffset: 1)
    let seed = test.parameter(test.graph.rows(4), [1, 1, 1, 1, 1, 1, 1, 1])
    let dweight = test.graph.gradients(of: out, with: [weight], seed: seed)[0]
    let values = try test.run(out, dweight, on: try choice.make())
    let (r, root) = (1 / 12.5.squareRoot(), 2.0.squareRoot())
    #expect(largestDifference(values[0], [3 * r, 8 * r, 0, 10 * r, root, 0, 0, -2 * root]) < 1e-6)
    #expect(largestDifference(values[1], [3 * r + root, 9 * r - root]) < 1e-6)
  }
}
