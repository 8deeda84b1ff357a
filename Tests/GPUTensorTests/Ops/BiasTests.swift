import GPUTensor
import TestSupport
import Testing

@Suite("Bias")
struct BiasTests {
  @Test("one bias for every row, and its gradient sums over them; by hand", arguments: ExecutorChoice.all)
  func byHand(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 2)
    let x = test.parameter(test.graph.rows(3), [1, 2, 3, 4, 5, 6])
    let bias = test.parameter(3, values: [10, 20, 30])
    let seed = test.parameter(test.graph.rows(3), [1, 2, 3, 40, 50, 60])
    let out = x.biased(by: bias)
    let gradients = test.graph.gradients(of: out, with: [x, bias], seed: seed)
    let values = try test.run(out, gradients[0], gradients[1], on: try choice.make())
    #expect(values == [[11, 22, 33, 14, 25, 36], [1, 2, 3, 40, 50, 60], [41, 52, 63]])
  }
}
