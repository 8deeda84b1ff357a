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

  @Test("a soft cap of 2: 2 tanh(x / 2) with the slope 1 − tanh²; by hand", arguments: ExecutorChoice.all)
  func softCap(_ choice: ExecutorChoice) throws {
    let test = TestGraph()
    let a = test.parameter(5, values: [0, Float.log(3), -Float.log(3), 1000, -1000])
    let out = a.softCapped(by: 2)
    let da = test.graph.gradients(of: out, with: [a], seed: test.parameter(5, values: [1, 1, 1, 1, 1]))[0]
    let values = try test.run(out, da, on: try choice.make())
    // tanh(ln 3 / 2) is ½.
    #expect(largestDifference(values[0], [0, 1, -1, 2, -2]) < 1e-6)
    #expect(largestDifference(values[1], [1, 0.75, 0.75, 0, 0]) < 1e-6)
  }
}
