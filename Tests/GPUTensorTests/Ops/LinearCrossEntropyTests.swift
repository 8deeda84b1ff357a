import GPUTensor
import TestSupport
import Testing

@Suite("Linear layer and cross-entropy")
struct LinearCrossEntropyTests {
  @Test("equal logits cost ln V a target, and −100 nothing; by hand")
  func uniform() throws {
    let test = TestGraph(rowCapacity: 3)
    let x = test.parameter(test.graph.rows(2), [1, 2, 3, 4, 5, 6])
    let weight = test.parameter(4, 2, values: [Float](repeating: 0, count: 8))
    let loss = x.linearCrossEntropy(weight: weight, targets: test.ints([3, -100, 0]))
    let gradients = test.graph.gradients(of: loss.sum, with: [x, weight])
    var scalars = ReplayScalars()
    scalars.lossScale = 0.5
    let values = try test.run(loss.sum, loss.rows, gradients[0], gradients[1], scalars: scalars)
    #expect(largestDifference(values[0], [2 * Double.log(4)]) < 1e-14, "the sum is not scaled")
    #expect(largestDifference(values[1], [Double.log(4), 0, Double.log(4)]) < 1e-15)
    #expect(values[2].allSatisfy { $0 == 0 }, "the weight is zero")
    // dW[v] = ½ Σ over rows of (1/4 − [v is the target]) · x. Rows 0 and 2 count: x = (1, 2) with target 3, and (5, 6)
    // with target 0; ¼ · (1 + 5) / 2 = 0.75 where v is neither target.
    let expected: [Double] = [-1.75, -2, 0.75, 1, 0.75, 1, 0.25, 0]
    #expect(largestDifference(values[3], expected) < 1e-15)
  }

  @Test(
    "a row's loss and gradient are times what it counts, and nothing where that is 0; by hand",
    arguments: ExecutorChoice.all)
  func rowWeights(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 3)
    let x = test.parameter(test.graph.rows(1), [1, 1, .nan])
    let weight = test.parameter(2, 1, values: [0, 0])
    let loss = x.linearCrossEntropy(
      weight: weight, targets: test.ints([0, 1, 1]), rowWeights: test.parameter(test.graph.rows(1), [0.5, 3, 0]))
    let gradients = test.graph.gradients(of: loss.sum, with: [x, weight])
    var scalars = ReplayScalars()
    scalars.lossScale = 0.25
    let prepared = try test.run(loss.rows, loss.sum, gradients[0], on: try choice.make(), scalars: scalars)
    let logTwo = Double.log(2)
    #expect(largestDifference(prepared[0], [0.5 * logTwo, 3 * logTwo, 0]) < 1e-6, "\(prepared[0])")
    #expect(largestDifference(prepared[1], [3.5 * logTwo]) < 1e-6)
    #expect(prepared[2] == [0, 0, 0], "the weight is zero")
  }

  @Test("capped logits, and a gradient with the cap's slope; by hand", arguments: ExecutorChoice.all)
  func capped(_ choice: ExecutorChoice) throws {
    // With the cap c = 2 ln 3 the logit (ln 3)² becomes ln 3 (tanh(ln 3 / 2) is ½), so the probabilities are ¼ and ¾;
    // the slope there is ¾.
    let test = TestGraph(rowCapacity: 2)
    let logThree = Float.log(3)
    let x = test.parameter(test.graph.rows(1), [1, 1])
    let weight = test.parameter(2, 1, values: [0, logThree * logThree])
    let loss = x.linearCrossEntropy(weight: weight, targets: test.ints([1, 0]), softCap: 2 * logThree)
    let dweight = test.graph.gradients(of: loss.sum, with: [x, weight])[1]
    let values = try test.run(loss.rows, dweight, on: try choice.make())
    #expect(largestDifference(values[0], [Double.log(4.0 / 3), Double.log(4)]) < 1e-6, "\(values[0])")
    #expect(largestDifference(values[1], [0.25 - 0.75, 0.75 * (-0.25 + 0.75)]) < 1e-6, "\(values[1])")
  }

  @Test("a batch without targets costs nothing and has no gradient", arguments: ExecutorChoice.all)
  func noTargets(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 2)
    let x = test.parameter(test.graph.rows(2), [1, 2, 3, 4])
    let weight = test.parameter(3, 2)
    let selection = test.graph.selectTargets(test.ints([-100, -100]))
    let loss = x.embedding(selection.rows).linearCrossEntropy(weight: weight, targets: selection.targets)
    let gradients = test.graph.gradients(of: loss.sum, with: [x, weight])
    let outputs = [loss.sum] + gradients
    let prepared = try test.prepare(outputs: outputs, on: try choice.make(isolated: true))
    try prepared.run(targets: 0)
    for output in outputs {
      let values = try prepared.read(output, targets: 0)
      #expect(values.allSatisfy { $0 == 0 })
    }
  }

  @Test("logits of ±1000 give the loss that they should, not infinity", arguments: ExecutorChoice.all)
  func largeLogits(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 2)
    let x = test.parameter(test.graph.rows(1), [1, 1])
    let weight = test.parameter(3, 1, values: [1000, -1000, 0])
    let loss = x.linearCrossEntropy(weight: weight, targets: test.ints([0, 1]))
    #expect(try test.run(loss.rows, on: try choice.make()) == [[0, 2000]])
  }
}
