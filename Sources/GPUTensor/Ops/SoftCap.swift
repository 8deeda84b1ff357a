import Kernels

/// out = cap · tanh(a / cap), element-wise: numbers far below the cap stay about as they are, and none is beyond it.
///
/// - Source: Bello et al., arXiv:1611.09940, section 5 (logits); Gemma 2, arXiv:2408.00118, section 2.
struct SoftCap: Operation {
  let name = "elementwise"
  let cap: Float

  /// The capped number, of the kernels' and the other ops' plain loops.
  func value<S: HostScalar>(_ x: S) -> S { S(cap) * S.tanh(x / S(cap)) }

  /// The derivative of `value`, from the capped number: 1 − (value / cap)².
  func slope<S: HostScalar>(atValue value: S) -> S {
    let share = value / S(cap)
    return 1 - share * share
  }

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    precondition(cap > 0, "a soft cap of \(cap)")
    return [TensorDescription(inputs[0].shape)]
  }

  func backward(_ pass: BackwardPass) {
    pass.contribute(to: 0, SoftCapBackward(cap: self), [pass.gradient(), pass.output(0)])
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.outputShapes[0].count(call.counts)
    try call.launchElements(
      "soft_cap_forward", "elementwise.cl", [call.output(0), call.input(0), .ulong(count), .float(cap)], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, a) = (call.output(0), call.input(0))
    call.parallelElements(call.outputShapes[0].count(call.counts)) { range in
      for index in range { out[index] = value(a[index]) }
    }
  }
}

/// da (= or +=) dout · (1 − (out / cap)²). Inputs: dout, out.
struct SoftCapBackward: Operation {
  let name = "elementwise"
  let cap: SoftCap

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[0].shape)] }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.outputShapes[0].count(call.counts)
    try call.launchElements(
      "soft_cap_backward", "elementwise.cl",
      [call.output(0), call.input(0), call.input(1), .ulong(count), .float(cap.cap), call.accumulateFlag(0)],
      count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (da, dout, out) = (call.output(0), call.input(0), call.input(1))
    let accumulates = call.accumulates(0)
    call.parallelElements(call.outputShapes[0].count(call.counts)) { range in
      for index in range {
        da[index] = (accumulates ? da[index] : 0) + dout[index] * cap.slope(atValue: out[index])
      }
    }
  }
}

extension Tensor {
  /// cap · tanh(self / cap), element-wise.
  package func softCapped(by cap: Float) -> Tensor { graph.record(SoftCap(cap: cap), [self])[0] }
}

extension SoftCap {
  /// Numbers from far below to far above the cap; the gradient also added to another one.
  static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    sizes.lengths.map { columns in
      OperationCase("3x\(columns), capped", rows: 3) { recorder in
        let a = recorder.parameter(recorder.graph.rows(columns), in: -8...8)
        recorder.differentiate(a.softCapped(by: 2.5) + a.scaled(by: 0.1).softCapped(by: 30) + a, by: [a])
      }
    }
  }
}
