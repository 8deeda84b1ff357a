import Kernels

/// out [N] = ‖row of W + scale · Σ B·A‖₂ or its reciprocal: the norms by which a DoRA adapter divides a layer's
/// outputs.
///
/// - inputs: W [N, K] in any storage dtype; A [r, K]; B [N, r]. With adapters of earlier rounds beside the layer, their
///   A and B come before this pair.
///
/// The backward pass treats it as a constant. Source: DoRA, arXiv:2402.09353, section 4.3.
struct AdaptedNorm: Operation {
  let name = "adapted_norm"
  let weightType: DType
  let scale: Float
  let isInverse: Bool

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let weight = inputs[0].shape
    precondition(inputs.count == 3 || inputs.count == 5, "adapted norm of \(inputs.count / 2) adapters")
    for first in stride(from: 1, to: inputs.count, by: 2) {
      let (a, b) = (inputs[first].shape, inputs[first + 1].shape)
      let rank = a.dimensions[0]
      precondition(
        a.dimensions == [rank, weight.columns] && b.dimensions == [weight.dimensions[0], rank],
        "adapted norm: W \(weight), A \(a), B \(b)")
    }
    return [TensorDescription(Shape([weight.dimensions[0]]))]
  }

  func backward(_ pass: BackwardPass) {}

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let (rows, columns) = (call.inputShapes[0].dimensions[0], call.inputShapes[0].columns)
    let last = call.inputShapes.count - 2
    let stackedRank = last > 1 ? call.inputShapes[1].dimensions[0] : 0
    try call.launch(
      "adapted_norm", "adapted_norm.cl", defines: weightType.storageDefines,
      [
        call.output(0), call.input(0), call.input(1), call.input(2), call.input(last), call.input(last + 1),
        .int(rows), .int(columns), .int(stackedRank), .int(call.inputShapes[last].dimensions[0]), .float(scale),
        .int(isInverse ? 1 : 0),
      ], .groups(rows, of: call.traits.workGroupSize))
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let columns = call.inputShapes[0].columns
    let (out, weight) = (call.output(0), call.input(0))
    let adapters = stride(from: 1, to: call.inputShapes.count, by: 2).map {
      (rank: call.inputShapes[$0].dimensions[0], a: call.input($0), b: call.input($0 + 1))
    }
    call.parallel(call.inputShapes[0].dimensions[0]) { row in
      var squares: S = 0
      for column in 0..<columns {
        var value = weight[row * columns + column]
        for (rank, a, b) in adapters {
          for inner in 0..<rank { value += S(scale) * b[row * rank + inner] * a[inner * columns + column] }
        }
        squares += value * value
      }
      out[row] = isInverse ? 1 / squares.squareRoot() : squares.squareRoot()
    }
  }
}

extension Tensor {
  /// 1 / ‖row of self + scale · Σ b·a‖₂ for each row of this weight [N, K], over one or two pairs a [r, K], b [N, r]:
  /// [N]. Constant in a backward pass.
  package func inverseRowNorms(adaptedBy pairs: [(a: Tensor, b: Tensor)], scale: Double) -> Tensor {
    let operation = AdaptedNorm(weightType: dtype, scale: Float(scale), isInverse: true)
    return graph.record(operation, [self] + pairs.flatMap { [$0.a, $0.b] })[0]
  }

  /// Writes ‖row of self + scale · b·a‖₂ of each row of this weight [N, K] to `norms` [N].
  package func storeRowNorms(adaptedBy pair: (a: Tensor, b: Tensor), scale: Double, in norms: Tensor) {
    let operation = AdaptedNorm(weightType: dtype, scale: Float(scale), isInverse: false)
    graph.record(operation, [self, pair.a, pair.b], into: [norms], modes: [.overwrite])
  }
}

extension AdaptedNorm: Checked {
  package static let stem = "adapted_norm"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    let plain = sizes.lengths.map { columns in
      OperationCase("5x\(columns), rank 3", rows: 1) { recorder in
        let weight = recorder.parameter(Shape([5, columns]))
        let (a, b) = (recorder.parameter(Shape([3, columns])), recorder.parameter(Shape([5, 3])))
        recorder.compare(weight.inverseRowNorms(adaptedBy: [(a, b)], scale: 0.5))
        let earlier = (a: recorder.parameter(Shape([4, columns])), b: recorder.parameter(Shape([5, 4])))
        recorder.compare(weight.inverseRowNorms(adaptedBy: [earlier, (a, b)], scale: 0.5))
        let norms = recorder.parameter(Shape([5]))
        weight.storeRowNorms(adaptedBy: (a, b), scale: 2, in: norms)
        recorder.compare(norms)
      }
    }
    let stored = [DType.bfloat16, .int8, .nf4].map { dtype in
      OperationCase("7x64, rank 2, \(dtype.rawValue)", rows: 1) { recorder in
        let weight = recorder.frozen(Shape([7, 64]), dtype: dtype)
        let (a, b) = (recorder.parameter(Shape([2, 64])), recorder.parameter(Shape([7, 2])))
        recorder.compare(weight.inverseRowNorms(adaptedBy: [(a, b)], scale: 0.5))
      }
    }
    return plain + stored
  }
}
