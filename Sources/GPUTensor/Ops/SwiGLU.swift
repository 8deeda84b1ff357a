import Kernels

/// out = silu(gate) · up, with silu(x) = x / (1 + e^−x), element-wise.
///
/// - Source: Shazeer, arXiv:2002.05202.
struct SwiGLU: Operation {
  let name = "swiglu"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    precondition(inputs[0].shape == inputs[1].shape, "swiglu: \(inputs[0].shape) and \(inputs[1].shape)")
    return [TensorDescription(inputs[0].shape)]
  }

  func backward(_ pass: BackwardPass) {
    pass.contribute(to: [0, 1], SwiGLUBackward(), [pass.gradient(), pass.input(0), pass.input(1)])
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.outputShapes[0].count(call.counts)
    try call.launchElements(
      "swiglu_forward", "swiglu.cl", [call.output(0), call.input(0), call.input(1), .ulong(count)], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, gate, up) = (call.output(0), call.input(0), call.input(1))
    call.parallelElements(call.outputShapes[0].count(call.counts)) { range in
      for index in range { out[index] = gate[index] / (1 + S.exp(-gate[index])) * up[index] }
    }
  }
}

/// dgate = dout · up · σ(gate) · (1 + gate · (1 − σ(gate))), dup = dout · silu(gate). Inputs: dout, gate, up.
struct SwiGLUBackward: Operation {
  let name = "swiglu"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(inputs[1].shape), TensorDescription(inputs[2].shape)]
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.outputShapes[0].count(call.counts)
    try call.launchElements(
      "swiglu_backward", "swiglu.cl",
      [call.output(0), call.output(1), call.input(0), call.input(1), call.input(2), .ulong(count)], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (dgate, dup, dout) = (call.output(0), call.output(1), call.input(0))
    let (gate, up) = (call.input(1), call.input(2))
    call.parallelElements(call.outputShapes[0].count(call.counts)) { range in
      for index in range {
        let sigmoid = 1 / (1 + S.exp(-gate[index]))
        dgate[index] = dout[index] * up[index] * sigmoid * (1 + gate[index] * (1 - sigmoid))
        dup[index] = dout[index] * gate[index] * sigmoid
      }
    }
  }
}

extension Tensor {
  /// silu(self) · up, element-wise.
  package func swiGLU(_ up: Tensor) -> Tensor { graph.record(SwiGLU(), [self, up])[0] }
}

extension SwiGLU: Checked {
  package static let stem = "swiglu"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    sizes.lengths.flatMap { columns in
      sizes.rows.map { rows in
        OperationCase("\(rows)x\(columns)", rows: rows) { recorder in
          let gate = recorder.parameter(recorder.graph.rows(columns), in: -12...12)
          let up = recorder.parameter(recorder.graph.rows(columns))
          recorder.differentiate(gate.swiGLU(up), by: [gate, up])
        }
      }
    }
  }
}
