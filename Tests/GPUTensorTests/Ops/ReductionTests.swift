import GPUTensor
import TestSupport
import Testing

@Suite("Sums")
struct ReductionTests {
  @Test("the sum of 1 ... n, over all and over rows; by hand", arguments: ExecutorChoice.all)
  func byHand(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 67)
    let x = test.parameter(test.graph.rows(3), (1...201).map(Float.init))
    let values = try test.run(x.sum(), x.sumRows(), on: try choice.make())
    // 201 · 202 / 2; column c holds c + 1 + 3r for r below 67: 67 · (c + 1) + 3 · 66 · 67 / 2.
    #expect(values == [[20301], [6700, 6767, 6834]])
  }

  @Test("the norm of (3) and (4) together is 5; by hand", arguments: ExecutorChoice.all)
  func norm(_ choice: ExecutorChoice) throws {
    let test = TestGraph()
    let gradients = [test.parameter(1, values: [3]), test.parameter(2, values: [0, -4])]
    #expect(try test.run(test.graph.globalNorm(gradients), on: try choice.make()) == [[5]])
  }

  @Test("a gradient that is not finite makes the norm not finite", arguments: ExecutorChoice.all)
  func brokenGradient(_ choice: ExecutorChoice) throws {
    for value in [Float.nan, .infinity] {
      let test = TestGraph()
      var values = [Float](repeating: 0.5, count: 70_000)
      values[69_999] = value
      let norm = test.graph.globalNorm([test.parameter(1, values: [1]), test.parameter(Shape([70_000]), values)])
      let found = try test.run(norm, on: try choice.make())[0][0]
      #expect(!found.isFinite, "\(value)")
    }
  }
}
