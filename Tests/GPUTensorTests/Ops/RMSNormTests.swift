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
}
