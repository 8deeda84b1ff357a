import GPUTensor
import TestSupport
import Testing

@Suite("Element-wise ops")
struct ElementwiseTests {
  @Test("sum, product and multiple; by hand", arguments: ExecutorChoice.all)
  func byHand(_ choice: ExecutorChoice) throws {
    let test = TestGraph()
    let (a, b) = (test.parameter(3, values: [1, 2, 3]), test.parameter(3, values: [4, -5, 6]))
    #expect(
      try test.run(a + b, a * b, a.scaled(by: -0.5), on: try choice.make())
        == [[5, -3, 9], [4, -10, 18], [-0.5, -1, -1.5]])
  }

  @Test("adding to a variable overwrites in a step's first run and adds in the next", arguments: ExecutorChoice.all)
  func acrossRuns(_ choice: ExecutorChoice) throws {
    let test = TestGraph()
    let (a, total) = (test.parameter(2, values: [1, 2]), test.parameter(2, values: [100, 100]))
    a.add(to: total)
    let prepared = try test.prepare(outputs: [], on: try choice.make())
    var scalars = ReplayScalars()
    for (accumulates, expected) in [(false, [1.0, 2]), (true, [2, 4]), (true, [3, 6]), (false, [1, 2])] {
      scalars.accumulates = accumulates
      try prepared.run(scalars: scalars)
      #expect(try prepared.read(total) == expected)
    }
  }
}
