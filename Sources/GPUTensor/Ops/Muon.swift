import Kernels

/// Muon's constants; weight decay is decoupled, as in AdamW.
///
/// Source: arXiv:2502.16982.
package struct MuonSettings: Sendable, Hashable {
  package var momentum: Float = 0.95
  package var weightDecay: Float
  /// Gradients whose global norm is larger are scaled down to this norm; 0: never.
  package var maxGradNorm: Float
  /// Factor of the learning rate for these parameters.
  package var rateFactor: Float = 1

  package init(weightDecay: Float, maxGradNorm: Float) {
    self.weightDecay = weightDecay
    self.maxGradNorm = maxGradNorm
  }
}

/// Nesterov momentum. Inputs: gradient [R, C], global norm [1]; outputs: update direction, momentum [R, C]. A norm that
/// is not finite leaves the momentum unchanged, and the direction is 0.
struct MuonMomentum: Operation {
  let name = "muon"
  let settings: MuonSettings

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(inputs[0].shape), TensorDescription(inputs[0].shape)]
  }

  func canAccumulate(output: Int) -> Bool { output == 1 }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.inputShapes[0].count
    try call.launchElements(
      "muon_momentum", "muon.cl",
      [
        call.output(0), call.output(1), call.input(0), call.input(1), .ulong(count), .float(settings.momentum),
        .float(settings.maxGradNorm),
      ], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (update, m, g, norm) = (call.output(0), call.output(1), call.input(0), call.input(1)[0])
    let count = call.inputShapes[0].count
    guard norm.isFinite else { return update.update(repeating: 0, count: count) }
    let (mu, clip) = (S(settings.momentum), GlobalNorm.clipFactor(norm, maxGradNorm: settings.maxGradNorm))
    call.parallelElements(count) { range in
      for index in range {
        let gradient = g[index] * clip
        m[index] = mu * m[index] + gradient
        update[index] = gradient + mu * m[index]
      }
    }
  }
}

/// out = x / (‖x‖ + 1e-7), so that no singular value is above 1. Inputs: x [R, C], its norm [1].
struct MuonScale: Operation {
  let name = "muon"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[0].shape)] }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.inputShapes[0].count
    try call.launchElements(
      "muon_scale", "muon.cl", [call.output(0), call.input(0), call.input(1), .ulong(count)], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, x, factor) = (call.output(0), call.input(0), 1 / (call.input(1)[0] + 1e-7))
    call.parallelElements(call.inputShapes[0].count) { range in for index in range { out[index] = x[index] * factor } }
  }
}

/// The update of the parameter [R, C]. Inputs: the orthogonal matrix [R, C], global norm [1]. A norm that is not finite
/// leaves the parameter unchanged.
///
/// The elements of an orthogonal R×C matrix have root mean square 1/√max(R, C). The factor 0.2·√max(R, C) brings it to
/// about that of AdamW's updates, so that both optimisers take the same learning rate.
struct MuonUpdate: Operation {
  let name = "muon"
  let settings: MuonSettings

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[0].shape)] }

  func canAccumulate(output: Int) -> Bool { true }

  private func scale(_ shape: Shape) -> Double { 0.2 * Double(shape.dimensions.max() ?? 1).squareRoot() }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let (shape, rate) = (call.inputShapes[0], Double(call.scalars.learningRate * settings.rateFactor))
    try call.launchElements(
      "muon_update", "muon.cl",
      [
        call.output(0), call.input(0), call.input(1), .ulong(shape.count),
        .float(Float(1 - rate * Double(settings.weightDecay))), .float(Float(rate * scale(shape))),
      ], count: shape.count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (p, x) = (call.output(0), call.input(0))
    guard call.input(1)[0].isFinite else { return }
    let (shape, rate) = (call.inputShapes[0], S(call.scalars.learningRate) * S(settings.rateFactor))
    let (keep, size) = (1 - rate * S(settings.weightDecay), rate * S(scale(shape)))
    call.parallelElements(shape.count) { range in
      for index in range { p[index] = p[index] * keep - size * x[index] }
    }
  }
}

extension Tensor {
  /// U·Vᵀ, approximately, of a matrix with the singular value decomposition U·S·Vᵀ. Five iterations of a quintic
  /// Newton–Schulz polynomial bring the singular values to 0.68 … 1.13, except those tiny beside the largest.
  ///
  /// Source: arXiv:2502.16982, equation 2; coefficients by Keller Jordan.
  package func orthogonalized() -> Tensor {
    let (a, b, c): (Float, Float, Float) = (3.4445, -4.7750, 2.0315)
    // Squares of the rows or of the columns, whichever are fewer.
    let isWide = shape.dimensions[0] <= shape.columns
    var x = graph.record(MuonScale(), [self, graph.globalNorm([self])])[0]
    for _ in 0..<5 {
      let square = x.matmul(x, transposeSelf: !isWide, transposeOther: isWide)
      let polynomial = square.scaled(by: b)
      square.scaled(by: c).addProduct(with: square, to: polynomial)
      let next = x.scaled(by: a)
      if isWide { polynomial.addProduct(with: x, to: next) } else { x.addProduct(with: polynomial, to: next) }
      x = next
    }
    return x
  }
}

extension Graph {
  /// Records one Muon step on a matrix [R, C] and its momentum, in place.
  package func muon(parameter: Tensor, momentum: Tensor, gradient: Tensor, norm: Tensor, settings: MuonSettings) {
    let update = makeValue("update", gradient.shape)
    record(
      MuonMomentum(settings: settings), [gradient, norm], into: [update, momentum], modes: [.overwrite, .accumulate])
    record(
      MuonUpdate(settings: settings), [update.orthogonalized(), norm], into: [parameter], modes: [.accumulate])
  }
}

/// The whole Muon step, as an entry of the registry of checks.
package enum Muon: Checked {
  package static let stem = "muon"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    let shapes =
      sizes == .small ? [(1, 1), (3, 5), (17, 4)] : [(1, 1), (1, 7), (3, 5), (17, 4), (33, 129), (65, 64), (257, 31)]
    return shapes.flatMap { rows, columns in
      [0, 0.5].map { (maxNorm: Float) in
        OperationCase("\(rows)x\(columns), clip \(maxNorm)", rows: 1) { recorder in
          let shape = Shape([rows, columns])
          let (p, m, g) = (recorder.parameter(shape), recorder.parameter(shape), recorder.parameter(shape))
          recorder.set { $0.learningRate = 0.01 }
          recorder.graph.muon(
            parameter: p, momentum: m, gradient: g, norm: recorder.graph.globalNorm([g]),
            settings: MuonSettings(weightDecay: 0.1, maxGradNorm: maxNorm))
          for tensor in [p, m, g.orthogonalized()] { recorder.compare(tensor) }
        }
      }
    }
  }
}
