import Kernels

/// out = a + b, element-wise, of two tensors of one shape.
struct Add: Operation {
  let name = "elementwise"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    precondition(inputs[0].shape == inputs[1].shape, "add: \(inputs[0].shape) and \(inputs[1].shape)")
    return [TensorDescription(inputs[0].shape)]
  }

  func backward(_ pass: BackwardPass) {
    for index in 0...1 where pass.needsGradient(index) { pass.pass(to: index) }
  }

  /// The sum and a following `RMSNorm` of it, as one node.
  func merged(_ own: Graph.Node, with next: Graph.Node) -> Graph.Node? {
    guard let norm = next.operation as? RMSNorm, next.inputs[0] == own.outputs[0] else { return nil }
    return Graph.Node(
      operation: AddedRMSNorm(norm: norm), inputs: own.inputs + [next.inputs[1]], outputs: own.outputs + next.outputs,
      modes: own.modes + next.modes)
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.outputShapes[0].count(call.counts)
    try call.launchElements(
      "add_forward", "elementwise.cl", [call.output(0), call.input(0), call.input(1), .ulong(count)], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, a, b) = (call.output(0), call.input(0), call.input(1))
    call.parallelElements(call.outputShapes[0].count(call.counts)) { range in
      for index in range { out[index] = a[index] + b[index] }
    }
  }
}

/// out += a, in place.
struct Accumulate: Operation {
  let name = "elementwise"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[0].shape)] }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    precondition(call.accumulates(0), "accumulate always adds")
    let count = call.outputShapes[0].count(call.counts)
    try call.launchElements(
      "accumulate", "elementwise.cl", [call.output(0), call.input(0), .ulong(count)], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, a) = (call.output(0), call.input(0))
    call.parallelElements(call.outputShapes[0].count(call.counts)) { range in
      for index in range { out[index] += a[index] }
    }
  }
}

/// out (= or +=) factor · a.
struct Scale: Operation {
  let name = "elementwise"
  let factor: Float

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[0].shape)] }

  func canAccumulate(output: Int) -> Bool { true }

  func backward(_ pass: BackwardPass) {
    pass.contribute(to: 0, self, [pass.gradient()])
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.outputShapes[0].count(call.counts)
    try call.launchElements(
      "scale_forward", "elementwise.cl",
      [call.output(0), call.input(0), .ulong(count), .float(factor), call.accumulateFlag(0)], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, a, factor) = (call.output(0), call.input(0), S(factor))
    let accumulates = call.accumulates(0)
    call.parallelElements(call.outputShapes[0].count(call.counts)) { range in
      for index in range { out[index] = (accumulates ? out[index] : 0) + factor * a[index] }
    }
  }
}

/// out = a · b, element-wise, of two tensors of one shape.
struct Multiply: Operation {
  let name = "elementwise"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    precondition(inputs[0].shape == inputs[1].shape, "multiply: \(inputs[0].shape) and \(inputs[1].shape)")
    return [TensorDescription(inputs[0].shape)]
  }

  func backward(_ pass: BackwardPass) {
    for index in 0...1 where pass.needsGradient(index) {
      pass.contribute(to: index, MultiplyBackward(), [pass.input(1 - index), pass.gradient()])
    }
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.outputShapes[0].count(call.counts)
    try call.launchElements(
      "multiply_forward", "elementwise.cl", [call.output(0), call.input(0), call.input(1), .ulong(count)],
      count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, a, b) = (call.output(0), call.input(0), call.input(1))
    call.parallelElements(call.outputShapes[0].count(call.counts)) { range in
      for index in range { out[index] = a[index] * b[index] }
    }
  }
}

/// da (= or +=) dout · b. Inputs: b, dout.
struct MultiplyBackward: Operation {
  let name = "elementwise"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[0].shape)] }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.outputShapes[0].count(call.counts)
    try call.launchElements(
      "multiply_backward", "elementwise.cl",
      [call.output(0), call.input(0), call.input(1), .ulong(count), call.accumulateFlag(0)], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, other, dout) = (call.output(0), call.input(0), call.input(1))
    let accumulates = call.accumulates(0)
    call.parallelElements(call.outputShapes[0].count(call.counts)) { range in
      for index in range { out[index] = (accumulates ? out[index] : 0) + dout[index] * other[index] }
    }
  }
}

extension Tensor {
  /// The element-wise sum of two tensors of one shape.
  package static func + (a: Tensor, b: Tensor) -> Tensor { a.graph.record(Add(), [a, b])[0] }

  /// The element-wise product of two tensors of one shape.
  package static func * (a: Tensor, b: Tensor) -> Tensor { a.graph.record(Multiply(), [a, b])[0] }

  /// Writes this value to a variable: `=` in a step's first micro-batch, `+=` in the later ones.
  package func add(to variable: Tensor) {
    graph.record(Scale(factor: 1), [self], into: [variable], modes: [.accumulateAcrossRuns])
  }

  /// Every element times `factor`.
  package func scaled(by factor: Float) -> Tensor { graph.record(Scale(factor: factor), [self])[0] }
}

extension Add: Checked {
  package static let stem = "elementwise"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    SoftCap.cases(sizes)
      + sizes.lengths.flatMap { columns in
        sizes.rows.map { rows in
          OperationCase("\(rows)x\(columns)", rows: rows) { recorder in
            let shape = recorder.graph.rows(columns)
            let (a, b, c) = (recorder.parameter(shape), recorder.parameter(shape), recorder.parameter(shape))
            // `a` is used three times, so that its gradient accumulates both in place and on a copy.
            recorder.differentiate((a + b) * c + a.scaled(by: 0.5) * a, by: [a, b, c])
          }
        }
      }
  }
}
