import Kernels

/// out = x / √(mean(x²) + eps) · weight, row by row.
///
/// - inputs: x [R, C], weight [C]; outputs: out [R, C]; rstd [R, 1] = 1 / √(mean(x²) + eps), saved for backward.
/// - Source: Zhang and Sennrich, arXiv:1910.07467.
struct RMSNorm: Operation {
  let name = "rmsnorm"
  let eps: Float

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let (x, weight) = (inputs[0].shape, inputs[1].shape)
    precondition(weight.dimensions == [x.columns], "rmsnorm: x \(x), weight \(weight)")
    return [TensorDescription(x), TensorDescription(x.withColumns(1))]
  }

  func backward(_ pass: BackwardPass) {
    let (dout, rstd) = (pass.gradient(), pass.output(1))
    if pass.needsGradient(1) {
      pass.contribute(to: 1, RMSNormBackwardWeight(), [dout, pass.input(0), rstd])
    }
    if pass.needsGradient(0) {
      pass.contribute(to: 0, RMSNormBackwardInput(), [dout, pass.input(0), pass.input(1), rstd])
    }
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let rows = call.leading(ofInput: 0)
    try call.launchRows(
      "rmsnorm_forward", "rmsnorm.cl",
      [
        call.output(0), call.output(1), call.input(0), call.input(1), .int(rows), .int(call.inputShapes[0].columns),
        .float(eps),
      ], rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, rstd, x, weight) = (call.output(0), call.output(1), call.input(0), call.input(1))
    let columns = call.inputShapes[0].columns
    call.parallel(call.leading(ofInput: 0)) { row in
      let (source, target) = (x + row * columns, out + row * columns)
      var squares: S = 0
      for column in 0..<columns { squares += source[column] * source[column] }
      let scale = 1 / (squares / S(columns) + S(eps)).squareRoot()
      for column in 0..<columns { target[column] = source[column] * scale * weight[column] }
      rstd[row] = scale
    }
  }
}

/// sum = a + b and the `RMSNorm` of it, in one pass over the rows: a residual connection and the norm that follows.
///
/// - inputs: a, b [R, C], weight [C]; outputs: sum, out [R, C], rstd [R, 1].
struct AddedRMSNorm: Operation {
  let name = "rmsnorm"
  let norm: RMSNorm

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(inputs[0].shape)] + norm.outputs(for: [inputs[0], inputs[2]])
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let rows = call.leading(ofInput: 0)
    try call.launchRows(
      "rmsnorm_forward_added", "rmsnorm.cl",
      (0..<3).map(call.output) + (0..<3).map(call.input)
        + [.int(rows), .int(call.inputShapes[0].columns), .float(norm.eps)], rows: rows)
  }

  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    Add().evaluate(call.part(inputs: 0..<2, outputs: 0..<1))
    norm.evaluate(call.part(reading: 0..<1, inputs: 2..<3, outputs: 1..<3))
  }
}

/// dx (= or +=) rstd · (g − x · rstd² · mean(g · x)), with g = dout · weight. Inputs: dout, x [R, C], weight [C], rstd.
struct RMSNormBackwardInput: Operation {
  let name = "rmsnorm"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[0].shape)] }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let rows = call.leading(ofInput: 0)
    try call.launchRows(
      "rmsnorm_backward_input", "rmsnorm.cl",
      [
        call.output(0), call.input(0), call.input(1), call.input(2), call.input(3), .int(rows),
        .int(call.inputShapes[0].columns), call.accumulateFlag(0),
      ], rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (dx, dout, x, weight, rstd) = (call.output(0), call.input(0), call.input(1), call.input(2), call.input(3))
    let columns = call.inputShapes[0].columns
    let accumulates = call.accumulates(0)
    call.parallel(call.leading(ofInput: 0)) { row in
      let base = row * columns
      var product: S = 0
      for column in 0..<columns { product += dout[base + column] * weight[column] * x[base + column] }
      let scale = rstd[row]
      let shift = product / S(columns) * scale * scale
      for column in 0..<columns {
        let value = scale * (dout[base + column] * weight[column] - x[base + column] * shift)
        dx[base + column] = (accumulates ? dx[base + column] : 0) + value
      }
    }
  }
}

/// dweight [C] (= or +=) Σ dout · x · rstd over the rows. Inputs: dout, x [R, C], rstd.
struct RMSNormBackwardWeight: Operation {
  let name = "rmsnorm"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(Shape([inputs[0].shape.columns]))] }

  func canAccumulate(output: Int) -> Bool { true }

  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int {
    ColumnSum.scratchBytes(call.inputs[0], traits: traits)
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let rows = call.leading(ofInput: 0)
    let columns = call.inputShapes[0].columns
    let sum = ColumnSum(rows: rows, columns: columns, traits: call.traits)
    try call.launch(
      "rmsnorm_backward_weight_partial", "rmsnorm.cl",
      [
        .write(call.scratch), call.input(0), call.input(1), call.input(2), .int(rows), .int(columns),
        .int(ColumnSum.rowsPerPart),
      ], sum.partialRange)
    try sum.enqueueFinal(call, partials: call.scratch, output: 0)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (dweight, dout, x, rstd) = (call.output(0), call.input(0), call.input(1), call.input(2))
    let (rows, columns) = (call.leading(ofInput: 0), call.inputShapes[0].columns)
    let accumulates = call.accumulates(0)
    call.parallel(columns) { column in
      var sum: S = accumulates ? dweight[column] : 0
      for row in 0..<rows { sum += dout[row * columns + column] * x[row * columns + column] * rstd[row] }
      dweight[column] = sum
    }
  }
}

extension Tensor {
  /// RMSNorm of the rows of [R, C], with a weight [C].
  package func rmsNorm(_ weight: Tensor, eps: Float) -> Tensor {
    graph.record(RMSNorm(eps: eps), [self, weight])[0]
  }
}

extension RMSNorm: Checked {
  package static let stem = "rmsnorm"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    sizes.lengths.flatMap { columns in sizes.rows.map { normed(rows: $0, columns: columns) } }
  }

  /// A norm with its gradients, and the norm of a sum.
  private static func normed(rows: Int, columns: Int) -> OperationCase {
    OperationCase("\(rows)x\(columns)", rows: rows) { recorder in
      let x = recorder.parameter(recorder.graph.rows(columns))
      let weight = recorder.parameter(Shape([columns]), in: 0.5...1.5)
      recorder.differentiate(x.rmsNorm(weight, eps: 1e-5), by: [x, weight])
      let sum = x + recorder.parameter(recorder.graph.rows(columns))
      recorder.compare(sum.rmsNorm(weight, eps: 1e-5))
      recorder.compare(sum)
    }
  }
}

extension RMSNorm: CheckedFirst {
  package static var firstCases: [OperationCase] { [normed(rows: 67, columns: 129)] }
}
