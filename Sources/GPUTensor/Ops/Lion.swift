import Kernels

/// Lion's constants; weight decay is decoupled, as in AdamW.
///
/// Source: Chen et al., arXiv:2302.06675.
package struct LionSettings: Sendable, Hashable {
  package var beta1: Float
  package var beta2: Float
  package var weightDecay: Float
  /// Gradients whose global norm is larger are scaled down to this norm; 0: never.
  package var maxGradNorm: Float
  /// Factor of the learning rate for these parameters.
  package var rateFactor: Float = 1

  package init(beta1: Float, beta2: Float, weightDecay: Float, maxGradNorm: Float) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
    self.maxGradNorm = maxGradNorm
  }
}

/// One Lion step on a slab of parameters, in place. Inputs: gradient [n], global norm [1]; outputs: parameter, momentum
/// [n].
///
/// A norm that is not finite leaves both unchanged.
struct Lion: Operation {
  let name = "lion"
  let settings: LionSettings

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(inputs[0].shape), TensorDescription(inputs[0].shape)]
  }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.inputShapes[0].count
    try call.launchElements(
      "lion_update", "lion.cl",
      [
        call.output(0), call.output(1), call.input(0), call.input(1), .ulong(count),
        .float(call.scalars.learningRate * settings.rateFactor), .float(settings.beta1), .float(settings.beta2),
        .float(settings.weightDecay), .float(settings.maxGradNorm),
      ], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (p, m, g, norm) = (call.output(0), call.output(1), call.input(0), call.input(1)[0])
    guard norm.isFinite else { return }
    let (beta1, beta2, rate) = (
      S(settings.beta1), S(settings.beta2), S(call.scalars.learningRate) * S(settings.rateFactor)
    )
    let clip = GlobalNorm.clipFactor(norm, maxGradNorm: settings.maxGradNorm)
    let keep = 1 - rate * S(settings.weightDecay)
    call.parallelElements(call.inputShapes[0].count) { range in
      for index in range {
        let gradient = g[index] * clip
        let mixed = beta1 * m[index] + (1 - beta1) * gradient
        let direction: S = mixed > 0 ? 1 : mixed < 0 ? -1 : 0
        p[index] = p[index] * keep - rate * direction
        m[index] = beta2 * m[index] + (1 - beta2) * gradient
      }
    }
  }
}

extension Graph {
  /// Records one Lion step on a slab of parameters and its momentum, in place.
  package func lion(parameter: Tensor, momentum: Tensor, gradient: Tensor, norm: Tensor, settings: LionSettings) {
    record(
      Lion(settings: settings), [gradient, norm], into: [parameter, momentum], modes: [.accumulate, .accumulate])
  }
}

extension Lion: Checked {
  package static let stem = "lion"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    (sizes.lengths + (sizes == .full ? [40_001] : [])).flatMap { count in
      [0, 0.5].map { (maxNorm: Float) in
        OperationCase("\(count), clip \(maxNorm)", rows: 1) { recorder in
          let shape = Shape([count])
          let (p, m, g) = (recorder.parameter(shape), recorder.parameter(shape), recorder.parameter(shape))
          recorder.set { $0.learningRate = 0.01 }
          recorder.graph.lion(
            parameter: p, momentum: m, gradient: g, norm: recorder.graph.globalNorm([g]),
            settings: LionSettings(beta1: 0.9, beta2: 0.99, weightDecay: 0.1, maxGradNorm: maxNorm))
          for tensor in [p, m] { recorder.compare(tensor) }
        }
      }
    }
  }
}
