import GPUTensor
import TestSupport
import Testing

@Suite("Embedding")
struct EmbeddingTests {
  @Test("rows are picked, and their gradients add up where an id repeats; by hand", arguments: ExecutorChoice.all)
  func byHand(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 3)
    let table = test.parameter(4, 2, values: [1, 2, 3, 4, 5, 6, 7, 8])
    let out = table.embedding(test.ints([2, 0, 2]))
    let seed = test.parameter(test.graph.rows(2), [10, 20, 30, 40, 50, 60])
    let gradient = test.graph.gradients(of: out, with: [table], seed: seed)[0]
    let values = try test.run(out, gradient, on: try choice.make())
    #expect(values == [[5, 6, 1, 2, 5, 6], [30, 40, 0, 0, 60, 80, 0, 0]])
  }
}
