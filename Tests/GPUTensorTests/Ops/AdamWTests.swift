import GPUTensor
import TestSupport
import Testing

@Suite("AdamW")
struct AdamWTests {
  private func settings(maxGradNorm: Float = 0) -> AdamWSettings {
    AdamWSettings(beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: maxGradNorm)
  }

  private func step(
    gradient: [Float], settings: AdamWSettings, on executor: any Executor = CPUExecutor<Double>()
  ) throws -> [[Double]] {
    let test = TestGraph()
    let shape = Shape([gradient.count])
    let ones = [Float](repeating: 1, count: gradient.count)
    let zeros = [Float](repeating: 0, count: gradient.count)
    let (p, m, v) = (test.parameter(shape, ones), test.parameter(shape, zeros), test.parameter(shape, zeros))
    let g = test.parameter(shape, gradient)
    test.graph.adamW(parameter: p, m: m, v: v, gradient: g, norm: test.graph.globalNorm([g]), settings: settings)
    var scalars = ReplayScalars()
    scalars.learningRate = 0.1
    return try test.run(p, m, v, on: executor, scalars: scalars)
  }

  @Test("one step; by hand")
  func byHand() throws {
    // m̂ = g and v̂ = g²: a gradient of any size moves the weight by the rate, after a decay by 1 − 0.1 · 0.1.
    let values = try step(gradient: [0.5, -2], settings: settings())
    #expect(largestDifference(values[0], [0.89, 1.09]) < 1e-7, "constants are floats: \(values[0])")
    #expect(largestDifference(values[1], [0.05, -0.2]) < 1e-7)
    #expect(largestDifference(values[2], [0.0125, 0.2]) < 1e-7)
  }

  @Test("gradients whose norm is 5 are divided by 5 where 1 is allowed; by hand")
  func clipping() throws {
    let values = try step(gradient: [3, -4], settings: settings(maxGradNorm: 1))
    #expect(largestDifference(values[1], [0.06, -0.08]) < 1e-7, "\(values[1])")
    let free = try step(gradient: [3, -4], settings: settings(maxGradNorm: 6))
    #expect(largestDifference(free[1], [0.3, -0.4]) < 1e-7, "smaller norms are left alone: \(free[1])")
  }

  @Test("a norm that is not finite leaves weight and moments as they are", arguments: ExecutorChoice.all)
  func notFinite(_ choice: ExecutorChoice) throws {
    for value in [Float.nan, .infinity] {
      let values = try step(gradient: [1, value], settings: settings(maxGradNorm: 1), on: try choice.make())
      #expect(values == [[1, 1], [0, 0], [0, 0]], "\(value)")
    }
  }

  @Test("a step's numbers land in its slot, flagged where they are not finite", arguments: ExecutorChoice.all)
  func statistics(_ choice: ExecutorChoice) throws {
    for (loss, flag) in [(Float(6), 0.0), (.infinity, 1)] {
      let test = TestGraph()
      let statistics = test.parameter(3, 4, values: [Float](repeating: 9, count: 12))
      test.graph.recordStatistics(
        into: statistics, lossSum: test.parameter(1, values: [loss]), norm: test.parameter(1, values: [2]))
      var scalars = ReplayScalars()
      (scalars.statisticsSlot, scalars.lossScale) = (1, 0.25)
      let values = try test.run(statistics, on: try choice.make(), scalars: scalars)[0]
      #expect(values == [9, 9, 9, 9, Double(loss) / 4, 2, flag, 0, 9, 9, 9, 9])
    }
  }
}
