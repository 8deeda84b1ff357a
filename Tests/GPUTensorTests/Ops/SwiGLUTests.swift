import GPUTensor
import TestSupport
import Testing

@Suite("SwiGLU")
struct SwiGLUTests {
  @Test("of (1, 1) is σ(1); by hand")
  func byHand() throws {
    let test = TestGraph(rowCapacity: 1)
    let gate = test.parameter(test.graph.rows(3), [1, 0, -1])
    let out = try test.run(gate.gated(.silu, test.parameter(test.graph.rows(3), [1, 9, 2])))[0]
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
    let out = gate.gated(.silu, up)
    let gradients = test.graph.gradients(of: out, with: [gate, up], seed: seed)
    let values = try test.run(out, gradients[0], gradients[1], on: try choice.make())
    #expect(largestDifference(values[0], [200, 0, 90, 0]) < 1e-30)
    #expect(largestDifference(values[1], [1, 0, 1, 0]) < 1e-30)
    #expect(largestDifference(values[2], [200, 0, 90, 0]) < 1e-30)
  }

  @Test("GELU by tanh, at the values of its formula; far gates stay finite", arguments: ExecutorChoice.all)
  func gelu(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 1)
    let gate = test.parameter(test.graph.rows(6), [1, -1, 0.5, 3, 200, -200])
    let up = test.parameter(test.graph.rows(6), [1, 2, 1, 1, 1, 1])
    let seed = test.parameter(test.graph.rows(6), [1, 1, 1, 1, 1, 1])
    let out = gate.gated(.geluTanh, up)
    let gradient = test.graph.gradients(of: out, with: [gate], seed: seed)[0]
    let values = try test.run(out, gradient, on: try choice.make())
    // x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), computed in double.
    let expected = [
      0.841_191_990_608_276_8, -0.317_616_018_783_386_46, 0.345_714_009_825_143_94, 2.996_362_607_918_227, 200, 0,
    ]
    #expect(largestDifference(values[0], expected) < 2e-6)
    #expect(largestDifference(Array(values[1][4...]), [1, 0]) < 1e-30)
  }

  @Test("an activation is found by its name in a configuration")
  func names() {
    #expect(Activation(rawValue: "silu") == .silu && Activation(rawValue: "gelu_pytorch_tanh") == .geluTanh)
    #expect(Activation(rawValue: "gelu") == nil, "the exact GELU is another function")
  }
}
