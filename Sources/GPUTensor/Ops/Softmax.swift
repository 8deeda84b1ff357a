import Kernels

/// out = softmax of each row of [R, C].
struct Softmax: Operation {
  let name = "softmax"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[0].shape)] }

  func backward(_ pass: BackwardPass) {
    pass.contribute(to: 0, SoftmaxBackward(), [pass.gradient(), pass.output(0)])
  }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    let rows = step.leading(ofInput: 0)
    try step.launchRows(
      "softmax_forward", "softmax.cl",
      [step.output(0), step.input(0), .int(rows), .int(step.inputShapes[0].columns)], rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    let columns = step.inputShapes[0].columns
    step.parallel(step.leading(ofInput: 0)) { row in
      let (out, x) = (step.output(0) + row * columns, step.input(0) + row * columns)
      var largest = x[0]
      for column in 0..<columns { largest = max(largest, x[column]) }
      var sum: S = 0
      for column in 0..<columns {
        out[column] = S.exp(x[column] - largest)
        sum += out[column]
      }
      for column in 0..<columns { out[column] /= sum }
    }
  }
}

/// dx (= or +=) out · (dout − Σ dout · out), row by row: inputs dout, out.
struct SoftmaxBackward: Operation {
  let name = "softmax"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[0].shape)] }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    let rows = step.leading(ofInput: 0)
    try step.launchRows(
      "softmax_backward", "softmax.cl",
      [
        step.output(0), step.input(0), step.input(1), .int(rows), .int(step.inputShapes[0].columns),
        step.accumulateFlag(0),
      ], rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    let columns = step.inputShapes[0].columns
    let accumulates = step.accumulates(0)
    step.parallel(step.leading(ofInput: 0)) { row in
      let base = row * columns
      let (dx, dout, out) = (step.output(0) + base, step.input(0) + base, step.input(1) + base)
      var product: S = 0
      for column in 0..<columns { product += dout[column] * out[column] }
      for column in 0..<columns {
        dx[column] = (accumulates ? dx[column] : 0) + out[column] * (dout[column] - product)
      }
    }
  }
}

extension Tensor {
  /// The softmax of each row of [R, C].
  package func softmax() -> Tensor { graph.record(Softmax(), [self])[0] }
}

extension Softmax: Checked {
  package static let stem = "softmax"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    sizes.lengths.flatMap { columns in
      sizes.rows.map { rows in
        OperationCase("\(rows)x\(columns)", rows: rows) { recorder in
          let x = recorder.parameter(recorder.graph.rows(columns), in: -20...20)
          recorder.differentiate(x.softmax(), by: [x])
        }
      }
    }
  }
}
