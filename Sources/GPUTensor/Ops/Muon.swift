import Kernels

/// Muon's constants; the decay is decoupled, as AdamW's.
///
/// Source: arXiv:2502.16982
package struct MuonSettings: Sendable, Hashable {
  package var momentum: Float = 0.95
  package var weightDecay: Float
  /// Gradients are scaled down to this norm where theirs is larger; 0: never.
  package var maxGradNorm: Float

  package init(weightDecay: Float, maxGradNorm: Float) {
    self.weightDecay = weightDecay
    self.maxGradNorm = maxGradNorm
  }
}

/// Nesterov's momentum: inputs gradient [R, C], global norm [1]; outputs what to move by and the momentum, both [R, C]. A norm
/// that is not finite leaves the momentum as it is, and gives nothing to move by.
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

/// out = x / (‖x‖ + 1e-7): inputs x [R, C] and its norm [1]; so that no singular value is above 1.
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

/// The move of the weights: inputs the orthogonal matrix [R, C], global norm [1]; output the parameter. A norm that is not
/// finite leaves it as it is.
///
/// An orthogonal matrix of R rows and C columns has elements of the root mean square 1/√max(R, C); times 0.2·√max(R, C) it is
/// about that of AdamW's updates, so that both optimisers take one learning rate.
struct MuonUpdate: Operation {
  let name = "muon"
  let settings: MuonSettings

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[0].shape)] }

  func canAccumulate(output: Int) -> Bool { true }

  private func scale(_ shape: Shape) -> Double { 0.2 * Double(shape.dimensions.max() ?? 1).squareRoot() }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let (shape, rate) = (call.inputShapes[0], Double(call.scalars.learningRate))
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
    let (shape, rate) = (call.inputShapes[0], S(call.scalars.learningRate))
    let (keep, size) = (1 - rate * S(settings.weightDecay), rate * S(scale(shape)))
    call.parallelElements(shape.count) { range in
      for index in range { p[index] = p[index] * keep - size * x[index] }
    }
  }
}

extension Tensor {
  /// U·Vᵀ of the singular value decomposition U·S·Vᵀ of a matrix, nearly: five steps of a quintic iteration of Newton and
  /// Schulz bring its singular values to between 0.68 and 1.13, but for those that are tiny beside the largest.
  ///
  /// Source: arXiv:2502.16982, equation 2; the coefficients are Keller Jordan's.
  package func orthogonalized() -> Tensor {
    let (a, b, c): (Float, Float, Float) = (3.4445, -4.7750, 2.0315)
    // The products of rows or of columns, whichever are fewer.
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
  /// Updates a matrix and its momentum in place.
  package func muon(parameter: Tensor, momentum: Tensor, gradient: Tensor, norm: Tensor, settings: MuonSettings) {
    let update = makeValue("update", gradient.shape)
    record(
      MuonMomentum(settings: settings), [gradient, norm], into: [update, momentum], modes: [.overwrite, .accumulate])
    record(
      MuonUpdate(settings: settings), [update.orthogonalized(), norm], into: [parameter], modes: [.accumulate])
  }
}

/// Muon whole, as the registry of checks knows it.
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
