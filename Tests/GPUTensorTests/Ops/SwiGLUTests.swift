import GPUTensor
import TestSupport
import Testing

@Suite("SwiGLU")
struct SwiGLUTests {
  @Test("of (1, 1) is σ(1); by hand")
  func byHand() throws {
    let test = TestGraph(rowCapacity: 1)
    let gate = test.parameter(test.graph.rows(3), [1, 0, -1])
    let out = try test.run(gate.swiGLU(test.parameter(test.graph.rows(3), [1, 9, 2])))[0]
    // σ(1) = 0.731058578630004879…, and silu(−1) = −σ(−1) = σ(1) − 1.
    let sigmoid = 0.731_058_578_630_004_88
    #expect(largestDifference(out, [sigmoid, 0, 2 * (sigmoid - 1)]) < 1e-15)
  }

  @Test("gates far from zero neither overflow nor turn into NaN", arguments: ExecutorChoice.all)
  func farGates(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 1)
    let gate = test.parameter(test.graph.rows(4), [200, -200, 90, -90])
    let up = test.parameter(test.graph.rows(4), [1, 1, 1, 1])
    let seed = test.parameter(test.graph.rows(4), [1, 1, 1, 1])
    let out = gate.swiGLU(up)
    let gradients = test.graph.gradients(of: out, with: [gate, up], seed: seed)
    let values = try test.run(out, gradients[0], gradients[1], on: try choice.make())
    #expect(largestDifference(values[0], [200, 0, 90, 0]) < 1e-30)
    #expect(largestDifference(values[1], [1, 0, 1, 0]) < 1e-30)
    #expect(largestDifference(values[2], [200, 0, 90, 0]) < 1e-30)
  }
}
