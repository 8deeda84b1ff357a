import Foundation
import Kernels

/// AdamW's constants, as PyTorch names and applies them: the decay is decoupled and comes first.
///
/// Source: arXiv:1711.05101
package struct AdamWSettings: Sendable, Equatable {
  package var beta1: Float
  package var beta2: Float
  package var epsilon: Float
  package var weightDecay: Float
  /// Gradients are scaled down to this norm where theirs is larger; 0: never.
  package var maxGradNorm: Float

  package init(beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float, maxGradNorm: Float) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.maxGradNorm = maxGradNorm
  }
}

/// One update of a slab of parameters, in place: inputs gradient [n], global norm [1]; outputs parameter, m and v [n].
///
/// A norm that is not finite leaves all three as they are.
struct AdamW: Operation {
  let name = "adamw"
  let settings: AdamWSettings

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    (0..<3).map { _ in TensorDescription(inputs[0].shape) }
  }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    let count = step.inputShapes[0].count
    let (correction1, correction2) = corrections(step.scalars.optimizerStep)
    try step.launchElements(
      "adamw_update", "adamw.cl",
      [
        step.output(0), step.output(1), step.output(2), step.input(0), step.input(1), .ulong(count),
        .float(step.scalars.learningRate), .float(settings.beta1), .float(settings.beta2), .float(settings.epsilon),
        .float(settings.weightDecay), .float(Float(correction1)), .float(Float(correction2)),
        .float(settings.maxGradNorm),
      ], count: count)
  }

  /// 1 − β^t for both moments.
  private func corrections(_ step: Int) -> (Double, Double) {
    (1 - pow(Double(settings.beta1), Double(step)), 1 - pow(Double(settings.beta2), Double(step)))
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    let (p, m, v, g, norm) = (step.output(0), step.output(1), step.output(2), step.input(0), step.input(1)[0])
    guard norm.isFinite else { return }
    let (beta1, beta2, epsilon) = (S(settings.beta1), S(settings.beta2), S(settings.epsilon))
    let (rate, maxNorm) = (S(step.scalars.learningRate), S(settings.maxGradNorm))
    let clip = maxNorm > 0 ? min(1, maxNorm / (norm + 1e-6)) : 1
    let (correction1, correction2) = corrections(step.scalars.optimizerStep)
    let (c1, c2) = (S(correction1), S(correction2))
    let keep = 1 - rate * S(settings.weightDecay)
    step.parallelElements(step.inputShapes[0].count) { range in
      for index in range {
        let gradient = g[index] * clip
        m[index] = beta1 * m[index] + (1 - beta1) * gradient
        v[index] = beta2 * v[index] + (1 - beta2) * gradient * gradient
        p[index] = p[index] * keep - rate * (m[index] / c1) / ((v[index] / c2).squareRoot() + epsilon)
      }
    }
  }
}

/// The Euclidean norm of all gradients together [1]: inputs are the gradients' slabs.
struct GlobalNorm: Operation {
  let name = "global_norm"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(Shape([1]))] }

  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int {
    traits == nil ? 0 : call.inputs.reduce(0) { $0 + regionBytes($1.count) }
  }

  // Each slab's partial sums start at an aligned place, for the window that the kernel writes.
  private func regionBytes(_ count: Int) -> Int { SlabLayout.aligned(LongSum.parts(count) * 4) }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    // What lies between two regions counts as zero.
    try step.context.fill(step.scratch, pattern: 0, byteCount: step.scratch.byteCount)
    var offset = 0
    for (index, shape) in step.inputShapes.enumerated() {
      let region = regionBytes(shape.count)
      let partials = try step.scratch.window(offset: offset, byteCount: region)
      try LongSum.enqueuePartial(
        "sum_of_squares_partial", step, partials: partials, step.input(index), count: shape.count)
      offset += region
    }
    try step.launch(
      "global_norm_final", "global_norm.cl", [step.output(0), .read(step.scratch), .int(offset / 4)],
      .groups(1, of: step.traits.workGroupSize))
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    var sum: S = 0
    for (index, shape) in step.inputShapes.enumerated() {
      let g = step.input(index)
      for element in 0..<shape.count { sum += g[element] * g[element] }
    }
    step.output(0)[0] = sum.squareRoot()
  }
}

/// Leaves a step's numbers in its slot of the statistics [slots, 4]: mean loss, norm, 1 where either is not finite, 0.
///
/// - inputs: the sum of the token losses [1], the norm [1].
struct RecordStatistics: Operation {
  let name = "statistics"
  let slots: Int

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(Shape([slots, 4]))] }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    try step.launch(
      "record_step", "statistics.cl",
      [
        step.output(0), step.input(0), step.input(1), .int(step.scalars.statisticsSlot),
        .float(step.scalars.lossScale),
      ], .groups(1, of: step.traits.workGroupSize))
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    let slot = step.output(0) + step.scalars.statisticsSlot * 4
    let (loss, norm) = (step.input(0)[0] * S(step.scalars.lossScale), step.input(1)[0])
    slot[0] = loss
    slot[1] = norm
    slot[2] = loss.isFinite && norm.isFinite ? 0 : 1
    slot[3] = 0
  }
}

extension Graph {
  /// The norm of several gradient slabs together.
  package func globalNorm(_ gradients: [Tensor]) -> Tensor { record(GlobalNorm(), gradients)[0] }

  /// Updates a slab of parameters and its moments in place.
  package func adamW(
    parameter: Tensor, m: Tensor, v: Tensor, gradient: Tensor, norm: Tensor, settings: AdamWSettings
  ) {
    record(
      AdamW(settings: settings), [gradient, norm], into: [parameter, m, v],
      modes: [.accumulate, .accumulate, .accumulate])
  }

  /// Leaves loss and norm of a step in the statistics.
  package func recordStatistics(into statistics: Tensor, lossSum: Tensor, norm: Tensor) {
    record(
      RecordStatistics(slots: statistics.shape.dimensions[0]), [lossSum, norm], into: [statistics],
      modes: [.accumulate])
  }
}

extension AdamW: Checked {
  package static let stem = "adamw"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    (sizes.lengths + (sizes == .full ? [40_001] : [])).flatMap { count in
      [0, 0.5].map { (maxNorm: Float) in
        OperationCase("\(count), clip \(maxNorm)", rows: 1) { recorder in
          let shape = Shape([count])
          let (p, m, g) = (recorder.parameter(shape), recorder.parameter(shape), recorder.parameter(shape))
          let v = recorder.parameter(shape, in: 0...1)
          recorder.set { ($0.learningRate, $0.optimizerStep) = (0.01, 3) }
          recorder.graph.adamW(
            parameter: p, m: m, v: v, gradient: g, norm: recorder.graph.globalNorm([g]),
            settings: AdamWSettings(beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: maxNorm))
          for tensor in [p, m, v] { recorder.compare(tensor) }
        }
      }
    }
  }
}
