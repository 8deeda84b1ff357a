import Kernels

/// out [N] = ‖row of W + scale · B·A‖₂, or one over it: what a DoRA adapter divides a layer's outputs by.
///
/// - inputs: W [N, K], stored in any way; A [r, K]; B [N, r].
///
/// The backward pass holds it constant. Source: arXiv:2402.09353 (DoRA), section 4.3
struct AdaptedNorm: Operation {
  let name = "adapted_norm"
  let weightType: DType
  let scale: Float
  let isInverse: Bool

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let (weight, a, b) = (inputs[0].shape, inputs[1].shape, inputs[2].shape)
    let rank = a.dimensions[0]
    precondition(
      a.dimensions == [rank, weight.columns] && b.dimensions == [weight.dimensions[0], rank],
      "adapted norm: W \(weight), A \(a), B \(b)")
    return [TensorDescription(Shape([weight.dimensions[0]]))]
  }

  func backward(_ pass: BackwardPass) {}

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    let (rows, columns) = (step.inputShapes[0].dimensions[0], step.inputShapes[0].columns)
    try step.launch(
      "adapted_norm", "adapted_norm.cl", defines: weightType.storageDefines,
      [
        step.output(0), step.input(0), step.input(1), step.input(2), .int(rows), .int(columns),
        .int(step.inputShapes[1].dimensions[0]), .float(scale), .int(isInverse ? 1 : 0),
      ], .groups(rows, of: step.traits.workGroupSize))
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    let columns = step.inputShapes[0].columns
    let rank = step.inputShapes[1].dimensions[0]
    let (out, weight, a, b) = (step.output(0), step.input(0), step.input(1), step.input(2))
    step.parallel(step.inputShapes[0].dimensions[0]) { row in
      var squares: S = 0
      for column in 0..<columns {
        var value = weight[row * columns + column]
        for inner in 0..<rank { value += S(scale) * b[row * rank + inner] * a[inner * columns + column] }
        squares += value * value
      }
      out[row] = isInverse ? 1 / squares.squareRoot() : squares.squareRoot()
    }
  }
}

extension Tensor {
  /// 1 / ‖row of self + scale · b·a‖₂, for each row of this weight; constant in a backward pass.
  package func inverseRowNorms(adaptedBy a: Tensor, _ b: Tensor, scale: Double) -> Tensor {
    graph.record(AdaptedNorm(weightType: dtype, scale: Float(scale), isInverse: true), [self, a, b])[0]
  }

  /// Writes ‖row of self + scale · b·a‖₂ of each row of this weight.
  package func storeRowNorms(adaptedBy a: Tensor, _ b: Tensor, scale: Double, in norms: Tensor) {
    let operation = AdaptedNorm(weightType: dtype, scale: Float(scale), isInverse: false)
    graph.record(operation, [self, a, b], into: [norms], modes: [.overwrite])
  }
}

extension AdaptedNorm: Checked {
  package static let stem = "adapted_norm"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    let plain = sizes.lengths.map { columns in
      OperationCase("5x\(columns), rank 3", rows: 1) { recorder in
        let weight = recorder.parameter(Shape([5, columns]))
        let (a, b) = (recorder.parameter(Shape([3, columns])), recorder.parameter(Shape([5, 3])))
        recorder.compare(weight.inverseRowNorms(adaptedBy: a, b, scale: 0.5))
        let norms = recorder.parameter(Shape([5]))
        weight.storeRowNorms(adaptedBy: a, b, scale: 2, in: norms)
        recorder.compare(norms)
      }
    }
    let stored = [DType.bfloat16, .int8, .nf4].map { dtype in
      OperationCase("7x64, rank 2, \(dtype.rawValue)", rows: 1) { recorder in
        let weight = recorder.frozen(Shape([7, 64]), dtype: dtype)
        let (a, b) = (recorder.parameter(Shape([2, 64])), recorder.parameter(Shape([7, 2])))
        recorder.compare(weight.inverseRowNorms(adaptedBy: a, b, scale: 0.5))
      }
    }
    return plain + stored
  }
}
