import Kernels

/// out = activation(gate) · up, element-wise: SwiGLU by SiLU, GeGLU by GELU.
///
/// - Source: Shazeer, arXiv:2002.05202.
struct SwiGLU: Operation {
  let name = "swiglu"
  let activation: Activation

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    precondition(inputs[0].shape == inputs[1].shape, "swiglu: \(inputs[0].shape) and \(inputs[1].shape)")
    return [TensorDescription(inputs[0].shape)]
  }

  func backward(_ pass: BackwardPass) {
    pass.contribute(
      to: [0, 1], SwiGLUBackward(activation: activation), [pass.gradient(), pass.input(0), pass.input(1)])
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.outputShapes[0].count(call.counts)
    try call.launchElements(
      "swiglu_forward", "swiglu.cl", defines: activation.defines,
      [call.output(0), call.input(0), call.input(1), .ulong(count)], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, gate, up) = (call.output(0), call.input(0), call.input(1))
    call.parallelElements(call.outputShapes[0].count(call.counts)) { range in
      switch activation {
      case .silu: for index in range { out[index] = gate[index] / (1 + S.exp(-gate[index])) * up[index] }
      case .geluTanh:
        for index in range { out[index] = gate[index] * Activation.geluFactor(gate[index]) * up[index] }
      }
    }
  }
}

/// dgate = dout · up · activation'(gate), dup = dout · activation(gate). Inputs: dout, gate, up.
struct SwiGLUBackward: Operation {
  let name = "swiglu"
  let activation: Activation

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(inputs[1].shape), TensorDescription(inputs[2].shape)]
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.outputShapes[0].count(call.counts)
    try call.launchElements(
      "swiglu_backward", "swiglu.cl", defines: activation.defines,
      [call.output(0), call.output(1), call.input(0), call.input(1), call.input(2), .ulong(count)], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (dgate, dup, dout) = (call.output(0), call.output(1), call.input(0))
    let (gate, up) = (call.input(1), call.input(2))
    call.parallelElements(call.outputShapes[0].count(call.counts)) { range in
      switch activation {
      case .silu:
        for index in range {
          let sigmoid = 1 / (1 + S.exp(-gate[index]))
          dgate[index] = dout[index] * up[index] * sigmoid * (1 + gate[index] * (1 - sigmoid))
          dup[index] = dout[index] * gate[index] * sigmoid
        }
      case .geluTanh:
        for index in range {
          let factor = Activation.geluFactor(gate[index])
          dgate[index] = dout[index] * up[index] * Activation.geluSlope(gate[index], factor: factor)
          dup[index] = dout[index] * gate[index] * factor
        }
      }
    }
  }
}

extension Tensor {
  /// activation(self) · up, element-wise.
  package func gated(_ activation: Activation, _ up: Tensor) -> Tensor {
    graph.record(SwiGLU(activation: activation), [self, up])[0]
  }
}

extension SwiGLU: Checked {
  package static let stem = "swiglu"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    Activation.allCases.flatMap { activation in
      sizes.lengths.flatMap { columns in
        sizes.rows.map { rows in
          OperationCase("\(rows)x\(columns), \(activation.rawValue)", rows: rows) { recorder in
            let gate = recorder.parameter(recorder.graph.rows(columns), in: -12...12)
            let up = recorder.parameter(recorder.graph.rows(columns))
            recorder.differentiate(gate.gated(activation, up), by: [gate, up])
          }
        }
      }
    }
  }
}
