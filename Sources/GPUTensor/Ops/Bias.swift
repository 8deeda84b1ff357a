import Kernels

/// out = x + bias, with one bias [C] for all rows of x [R, C].
struct Bias: Operation {
  let name = "bias"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let (x, bias) = (inputs[0].shape, inputs[1].shape)
    precondition(bias.dimensions == [x.columns], "bias: x \(x), bias \(bias)")
    return [TensorDescription(inputs[0].shape)]
  }

  func backward(_ pass: BackwardPass) {
    if pass.needsGradient(1) { pass.contribute(to: 1, SumRows(), [pass.gradient()]) }
    if pass.needsGradient(0) { pass.pass(to: 0) }
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let rows = call.leading(ofInput: 0)
    try call.launchRows(
      "bias_forward", "bias.cl",
      [call.output(0), call.input(0), call.input(1), .int(rows), .int(call.inputShapes[0].columns)], rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let columns = call.inputShapes[0].columns
    let (out, x, bias) = (call.output(0), call.input(0), call.input(1))
    call.parallel(call.leading(ofInput: 0)) { row in
      for column in 0..<columns { out[row * columns + column] = x[row * columns + column] + bias[column] }
    }
  }
}

extension Tensor {
  /// This tensor [R, C] plus a bias [C] in each row.
  package func biased(by bias: Tensor) -> Tensor { graph.record(Bias(), [self, bias])[0] }
}

extension Bias: Checked {
  package static let stem = "bias"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    sizes.lengths.flatMap { columns in
      (sizes.rows + (sizes == .full ? [200] : [])).map { rows in
        OperationCase("\(rows)x\(columns)", rows: rows) { recorder in
          let (x, bias) = (recorder.parameter(recorder.graph.rows(columns)), recorder.parameter(Shape([columns])))
          recorder.differentiate(x.biased(by: bias), by: [x, bias])
        }
      }
    }
  }
}
