import Kernels

/// out = x · factor, with one factor for each column: x [R, C], factors [C].
struct ScaleColumns: Operation {
  let name = "scale_columns"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let (x, factor) = (inputs[0].shape, inputs[1].shape)
    precondition(factor.dimensions == [x.columns], "scale columns: x \(x), factors \(factor)")
    return [TensorDescription(x)]
  }

  func canAccumulate(output: Int) -> Bool { true }

  func backward(_ pass: BackwardPass) {
    let dout = pass.gradient()
    if pass.needsGradient(1) { pass.contribute(to: 1, SumRows(), [dout * pass.input(0)]) }
    if pass.needsGradient(0) { pass.contribute(to: 0, ScaleColumns(), [dout, pass.input(1)]) }
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let rows = call.leading(ofInput: 0)
    try call.launchRows(
      "scale_columns", "scale_columns.cl",
      [
        call.output(0), call.input(0), call.input(1), .int(rows), .int(call.inputShapes[0].columns),
        call.accumulateFlag(0),
      ], rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let columns = call.inputShapes[0].columns
    let (out, x, factor) = (call.output(0), call.input(0), call.input(1))
    let accumulates = call.accumulates(0)
    call.parallel(call.leading(ofInput: 0)) { row in
      for column in 0..<columns {
        let index = row * columns + column
        out[index] = (accumulates ? out[index] : 0) + x[index] * factor[column]
      }
    }
  }
}

extension Tensor {
  /// This tensor [R, C], each column times its factor of [C].
  package func columnsScaled(by factors: Tensor) -> Tensor { graph.record(ScaleColumns(), [self, factors])[0] }
}

extension ScaleColumns: Checked {
  package static let stem = "scale_columns"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    sizes.lengths.flatMap { columns in
      sizes.rows.map { rows in
        OperationCase("\(rows)x\(columns)", rows: rows) { recorder in
          let x = recorder.parameter(recorder.graph.rows(columns))
          let factors = recorder.parameter(Shape([columns]))
          // Twice, so that the gradients also accumulate.
          let out = x.columnsScaled(by: factors) + x.scaled(by: 2).columnsScaled(by: factors)
          recorder.differentiate(out, by: [x, factors])
        }
      }
    }
  }
}
