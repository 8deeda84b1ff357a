import Kernels

/// out = (weightOffset + weight) · x / √(mean(x²) + eps), each head of a row by itself; a row that is normalised whole is
/// one head.
///
/// - inputs: x [R, H·D], weight [D]; outputs: out [R, H·D]; rstd [R, H] = 1 / √(mean(x²) + eps), saved for backward.
/// - Source: Zhang and Sennrich, arXiv:1910.07467; by heads: Henry et al., arXiv:2010.04245, as Qwen3 applies it.
struct RMSNorm: Operation {
  let name = "rmsnorm"
  let eps: Float
  /// Addend of every weight; −0 for none, since it leaves zeros of either sign as they are.
  let weightOffset: Float
  /// Heads in a row.
  let heads: Int

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let (x, weight) = (inputs[0].shape, inputs[1].shape)
    precondition(weight.dimensions.map { $0 * heads } == [x.columns], "rmsnorm: x \(x), weight \(weight)")
    return [TensorDescription(x), TensorDescription(x.withColumns(heads))]
  }

  func backward(_ pass: BackwardPass) {
    let (dout, rstd) = (pass.gradient(), pass.output(1))
    if pass.needsGradient(1) {
      pass.contribute(to: 1, RMSNormBackwardWeight(), [dout, pass.input(0), rstd])
    }
    if pass.needsGradient(0) {
      pass.contribute(
        to: 0, RMSNormBackwardInput(weightOffset: weightOffset), [dout, pass.input(0), pass.input(1), rstd])
    }
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    try NormHeads(x: call.inputShapes[0], rstd: call.outputShapes[1]).launch(
      "rmsnorm_forward", call, (0..<2).map(call.output) + (0..<2).map(call.input),
      [.float(eps), .float(weightOffset)])
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, rstd, x, weight) = (call.output(0), call.output(1), call.input(0), call.input(1))
    let columns = call.inputShapes[0].columns / heads
    call.parallel(call.leading(ofInput: 0) * heads) { head in
      let (source, target) = (x + head * columns, out + head * columns)
      var squares: S = 0
      for column in 0..<columns { squares += source[column] * source[column] }
      let scale = 1 / (squares / S(columns) + S(eps)).squareRoot()
      for column in 0..<columns { target[column] = source[column] * scale * (S(weightOffset) + weight[column]) }
      rstd[head] = scale
    }
  }
}

/// The heads that a norm's kernels normalise, and their launch: one work-group a row.
private struct NormHeads {
  let heads: Int
  /// Columns of a head.
  let columns: Int

  init(x: Shape, rstd: Shape) {
    heads = rstd.columns
    columns = x.columns / heads
  }

  func launch(
    _ kernel: String, _ call: DeviceCall, _ tensors: [KernelArgument], _ numbers: [KernelArgument]
  ) throws(DeviceError) {
    let rows = call.leading(ofInput: 0)
    // The work-items that have columns of a head are a team, and a group has as many heads at once as teams.
    var team = call.traits.workGroupSize
    while heads > 1 && team > 1 && team / 2 * call.traits.vectorWidth >= columns { team /= 2 }
    try call.launch(
      kernel, "rmsnorm.cl", defines: team < call.traits.workGroupSize ? ["TEAM": team] : [:],
      tensors + [.int(rows), .int(heads), .int(columns)] + numbers, .groups(rows, of: call.traits.workGroupSize))
  }
}

/// sum = a + b and the `RMSNorm` of it, in one pass over the rows: a residual connection and the norm that follows.
///
/// - inputs: a, b [R, C], weight [D]; outputs: sum, out [R, C], rstd [R, C/D].
struct AddedRMSNorm: Operation {
  let name = "rmsnorm"
  let norm: RMSNorm

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(inputs[0].shape)] + norm.outputs(for: [inputs[0], inputs[2]])
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    try NormHeads(x: call.inputShapes[0], rstd: call.outputShapes[2]).launch(
      "rmsnorm_forward_added", call, (0..<3).map(call.output) + (0..<3).map(call.input),
      [.float(norm.eps), .float(norm.weightOffset)])
  }

  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    Add().evaluate(call.part(inputs: 0..<2, outputs: 0..<1))
    norm.evaluate(call.part(reading: 0..<1, inputs: 2..<3, outputs: 1..<3))
  }
}

/// dx (= or +=) rstd · (g − x · rstd² · mean(g · x)), with g = dout · (weightOffset + weight) and the mean over a head.
/// Inputs: dout, x [R, H·D], weight [D], rstd [R, H].
struct RMSNormBackwardInput: Operation {
  let name = "rmsnorm"
  let weightOffset: Float

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[0].shape)] }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    try NormHeads(x: call.inputShapes[1], rstd: call.inputShapes[3]).launch(
      "rmsnorm_backward_input", call, [call.output(0)] + (0..<4).map(call.input),
      [.float(weightOffset), call.accumulateFlag(0)])
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (dx, dout, x, weight, rstd) = (call.output(0), call.input(0), call.input(1), call.input(2), call.input(3))
    let heads = NormHeads(x: call.inputShapes[1], rstd: call.inputShapes[3])
    let columns = heads.columns
    let (accumulates, offset) = (call.accumulates(0), S(weightOffset))
    call.parallel(call.leading(ofInput: 0) * heads.heads) { head in
      let base = head * columns
      var product: S = 0
      for column in 0..<columns { product += dout[base + column] * (offset + weight[column]) * x[base + column] }
      let scale = rstd[head]
      let shift = product / S(columns) * scale * scale
      for column in 0..<columns {
        let value = scale * (dout[base + column] * (offset + weight[column]) - x[base + column] * shift)
        dx[base + column] = (accumulates ? dx[base + column] : 0) + value
      }
    }
  }
}

/// dweight [D] (= or +=) Σ dout · x · rstd over the rows and heads. Inputs: dout, x [R, H·D], rstd [R, H].
struct RMSNormBackwardWeight: Operation {
  let name = "rmsnorm"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(Shape([NormHeads(x: inputs[1].shape, rstd: inputs[2].shape).columns]))]
  }

  func canAccumulate(output: Int) -> Bool { true }

  /// The sum over the heads of `rows` rows, end to end: longer parts where there are several in a row.
  private func sum(_ inputs: [Shape], rows: Int) -> ColumnSum {
    let heads = NormHeads(x: inputs[1], rstd: inputs[2])
    return ColumnSum(
      rows: rows * heads.heads, columns: heads.columns, rowsPerPart: 64 * min(heads.heads, 4))
  }

  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int {
    traits == nil ? 0 : sum(call.inputs, rows: call.inputs[0].dimensions[0]).scratchBytes
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let sum = sum(call.inputShapes, rows: call.leading(ofInput: 0))
    try call.launch(
      "rmsnorm_backward_weight_partial", "rmsnorm.cl",
      [.write(call.scratch)] + (0..<3).map(call.input) + [.int(sum.rows), .int(sum.columns), .int(sum.rowsPerPart)],
      sum.partialRange(call.traits))
    try sum.enqueueFinal(call, partials: call.scratch, output: 0)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (dweight, dout, x, rstd) = (call.output(0), call.input(0), call.input(1), call.input(2))
    let sum = sum(call.inputShapes, rows: call.leading(ofInput: 0))
    let accumulates = call.accumulates(0)
    call.parallel(sum.columns) { column in
      var total: S = accumulates ? dweight[column] : 0
      for head in 0..<sum.rows {
        total += dout[head * sum.columns + column] * x[head * sum.columns + column] * rstd[head]
      }
      dweight[column] = total
    }
  }
}

extension Tensor {
  /// RMSNorm of this [R, C] by weightOffset + weight, the weight being [D] and C a multiple of D: every run of D columns
  /// of a row is normalised by itself.
  package func rmsNorm(_ weight: Tensor, eps: Float, weightOffset: Float = 0) -> Tensor {
    let heads = shape.columns / weight.shape.count
    let norm = RMSNorm(eps: eps, weightOffset: weightOffset == 0 ? -0.0 : weightOffset, heads: heads)
    return graph.record(norm, [self, weight])[0]
  }
}

extension RMSNorm: Checked {
  package static let stem = "rmsnorm"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    let whole = sizes.lengths.flatMap { columns in sizes.rows.map { normed(rows: $0, columns: columns) } }
    let heads = sizes == .small ? [(3, 7), (2, 32)] : [(3, 1), (5, 7), (16, 16), (1, 64), (9, 64), (3, 100), (2, 256)]
    let byHead = heads.flatMap { heads, columns in
      sizes.rows.map { normed(rows: $0, heads: heads, columns: columns, weightOffset: 1) }
    }
    return whole + byHead + [normed(rows: sizes == .small ? 5 : 65, columns: 129, weightOffset: 1)]
  }

  /// A norm with its gradients, and the norm of a sum.
  private static func normed(rows: Int, heads: Int = 1, columns: Int, weightOffset: Float = 0) -> OperationCase {
    let name = "\(rows)x\(heads > 1 ? "\(heads)x" : "")\(columns)\(weightOffset == 0 ? "" : ", 1 + weight")"
    return OperationCase(name, rows: rows) { recorder in
      let x = recorder.parameter(recorder.graph.rows(heads * columns))
      let weight = recorder.parameter(Shape([columns]), in: 0.5...1.5)
      recorder.differentiate(x.rmsNorm(weight, eps: 1e-5, weightOffset: weightOffset), by: [x, weight])
      let sum = x + recorder.parameter(recorder.graph.rows(heads * columns))
      recorder.compare(sum.rmsNorm(weight, eps: 1e-5, weightOffset: weightOffset))
      recorder.compare(sum)
    }
  }
}

extension RMSNorm: CheckedFirst {
  package static var firstCases: [OperationCase] { [normed(rows: 67, columns: 129)] }
}
