import GPUTensor
import TestSupport
import Testing

@Suite("Lion")
struct LionTests {
  private func step(
    gradient: [Float], maxGradNorm: Float = 0, on executor: any Executor = CPUExecutor<Double>()
  ) throws -> [[Double]] {
    let test = TestGraph()
    let shape = Shape([gradient.count])
    let p = test.parameter(shape, [Float](repeating: 1, count: gradient.count))
    let m = test.parameter(shape, [Float](repeating: 0.5, count: gradient.count))
    let g = test.parameter(shape, gradient)
    test.graph.lion(
      parameter: p, momentum: m, gradient: g, norm: test.graph.globalNorm([g]),
      settings: LionSettings(beta1: 0.5, beta2: 0.75, weightDecay: 0.5, maxGradNorm: maxGradNorm))
    var scalars = ReplayScalars()
    scalars.learningRate = 0.125
    return try test.run(p, m, on: executor, scalars: scalars)
  }

  @Test(
    "the sign of a mix of momentum and gradient moves the weight, 0 does not; by hand", arguments: ExecutorChoice.all)
  func byHand(_ choice: ExecutorChoice) throws {
    // Directions 0.5 · 0.5 + 0.5 · g: 0.75, −0.75, 0. The decay leaves 1 − 0.125 · 0.5.
    let values = try step(gradient: [1, -2, -0.5], on: choice.make())
    #expect(values[0] == [0.8125, 1.0625, 0.9375], "\(values[0])")
    #expect(values[1] == [0.625, -0.125, 0.25], "\(values[1])")
  }

  @Test("gradients whose norm is 5 are divided by 5 where 1 is allowed; a norm that is not finite moves nothing")
  func clipping() throws {
    let values = try step(gradient: [3, -4], maxGradNorm: 1)
    #expect(largestDifference(values[1], [0.375 + 0.15, 0.375 - 0.2]) < 1e-6, "\(values[1])")
    for choice in ExecutorChoice.all {
      #expect(try step(gradient: [1, .nan], on: choice.make()) == [[1, 1], [0.5, 0.5]])
    }
  }
}
