import Kernels

/// out = softmax of each row of [R, C].
struct Softmax: Operation {
  let name = "softmax"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[0].shape)] }

  func backward(_ pass: BackwardPass) {
    pass.contribute(to: 0, SoftmaxBackward(), [pass.gradient(), pass.output(0)])
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let rows = call.leading(ofInput: 0)
    try call.launchRows(
      "softmax_forward", "softmax.cl",
      [call.output(0), call.input(0), .int(rows), .int(call.inputShapes[0].columns)], rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let columns = call.inputShapes[0].columns
    call.parallel(call.leading(ofInput: 0)) { row in
      let (out, x) = (call.output(0) + row * columns, call.input(0) + row * columns)
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

/// dx (= or +=) out · (dout − Σ dout · out), row by row. Inputs: dout, out [R, C].
struct SoftmaxBackward: Operation {
  let name = "softmax"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[0].shape)] }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let rows = call.leading(ofInput: 0)
    try call.launchRows(
      "softmax_backward", "softmax.cl",
      [
        call.output(0), call.input(0), call.input(1), .int(rows), .int(call.inputShapes[0].columns),
        call.accumulateFlag(0),
      ], rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let columns = call.inputShapes[0].columns
    let accumulates = call.accumulates(0)
    call.parallel(call.leading(ofInput: 0)) { row in
      let base = row * columns
      let (dx, dout, out) = (call.output(0) + base, call.input(0) + base, call.input(1) + base)
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
