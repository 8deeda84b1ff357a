import Kernels

/// delta[r, h] = Σ over the head of dout · out: inputs dout, out. What softmax's backward subtracts.
struct AttentionDelta: Operation {
  let name = "attention"
  let layout: AttentionLayout

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(inputs[0].shape.withColumns(layout.heads))]
  }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    let rows = step.leading(ofInput: 0)
    let arguments = [step.output(0), step.input(0), step.input(1), .int(rows), .int(layout.heads)]
    switch step.traits.attentionFamily {
    case .panel:
      // A work-item takes a run of (row, head) pairs, which lie side by side.
      let pairs = 64
      try step.launch(
        "attention_panel_delta", "attention_panel.cl",
        defines: ["HEAD_SIZE": layout.headSize, "REGISTER_LANES": step.traits.registerLanes, "DELTA_PAIRS": pairs],
        arguments, .groups((rows * layout.heads + pairs - 1) / pairs, of: 1))
    case .tile:
      try layout.launchTiles("delta", step, arguments, rows: rows)
    }
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    let (delta, dout, out) = (step.output(0), step.input(0), step.input(1))
    let size = layout.headSize
    step.parallel(step.leading(ofInput: 0)) { row in
      for index in (row * layout.heads)..<((row + 1) * layout.heads) {
        var sum: S = 0
        for column in (index * size)..<((index + 1) * size) { sum += dout[column] * out[column] }
        delta[index] = sum
      }
    }
  }
}

/// dq: inputs dout, q, k, v, lse, delta, keyStart, keyEnd. Probabilities are recomputed from lse.
struct AttentionBackwardQuery: Operation {
  let name = "attention"
  let layout: AttentionLayout

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[1].shape)] }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    try layout.launch(
      "backward_query", step, [step.output(0)] + (0...7).map(step.input), rows: step.leading(ofInput: 1),
      heads: layout.heads)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    let (dq, dout, q, k, v) = (step.output(0), step.input(0), step.input(1), step.input(2), step.input(3))
    let (lse, delta, keyStart, keyEnd) = (step.input(4), step.input(5), step.ints(6), step.ints(7))
    let (heads, size) = (layout.heads, layout.headSize)
    let scale = 1 / S(size).squareRoot()
    step.parallel(step.leading(ofInput: 1) * heads) { index in
      let (row, head) = (index / heads, index % heads)
      let target = dq + index * size
      target.update(repeating: 0, count: size)
      for key in Int(keyStart[row])..<max(Int(keyStart[row]), Int(keyEnd[row])) {
        let offset = layout.keyOffset(row: key, head: head)
        let probability = S.exp(layout.score(q + index * size, k + offset) - lse[index])
        var product: S = 0
        for column in 0..<size { product += dout[index * size + column] * v[offset + column] }
        let factor = probability * (product - delta[index]) * scale
        for column in 0..<size { target[column] += factor * k[offset + column] }
      }
    }
  }
}

/// dk and dv: inputs dout, q, k, v, lse, delta, keyStart, keyEnd, queryEnd. Query heads of a group add up in order.
struct AttentionBackwardKeyValue: Operation {
  let name = "attention"
  let layout: AttentionLayout

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(inputs[2].shape), TensorDescription(inputs[3].shape)]
  }

  /// The tile family's query heads each leave a share of dk and dv.
  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int {
    guard traits?.attentionFamily == .tile else { return 0 }
    return 2 * call.inputs[2].dimensions[0] * layout.heads * layout.headSize * 4
  }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    let rows = step.leading(ofInput: 2)
    let (gradients, inputs) = ([0, 1].map(step.output), (0...8).map(step.input))
    guard step.traits.attentionFamily == .tile else {
      return try layout.launch("backward_key_value", step, gradients + inputs, rows: rows, heads: layout.keyValueHeads)
    }
    let sizes = layout.sizes(rows: rows)
    try layout.launchTiles(
      "backward_key_value", step, [.write(step.scratch)] + inputs + sizes + [.float(layout.scale)], rows: rows)
    try layout.launchTiles("sum_heads", step, gradients + [.read(step.scratch)] + sizes, rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    let (dk, dv, dout) = (step.output(0), step.output(1), step.input(0))
    let (q, k, v, lse, delta) = (step.input(1), step.input(2), step.input(3), step.input(4), step.input(5))
    let (keyStart, keyEnd, queryEnd) = (step.ints(6), step.ints(7), step.ints(8))
    let (heads, size) = (layout.heads, layout.headSize)
    let group = heads / layout.keyValueHeads
    let scale = 1 / S(size).squareRoot()
    step.parallel(step.leading(ofInput: 2) * layout.keyValueHeads) { index in
      let (key, keyHead) = (index / layout.keyValueHeads, index % layout.keyValueHeads)
      let offset = index * size
      (dk + offset).update(repeating: 0, count: size)
      (dv + offset).update(repeating: 0, count: size)
      for head in (keyHead * group)..<((keyHead + 1) * group) {
        for row in key..<max(key, Int(queryEnd[key])) where keyStart[row] <= key && key < keyEnd[row] {
          let query = (row * heads + head) * size
          let probability = S.exp(layout.score(q + query, k + offset) - lse[row * heads + head])
          var product: S = 0
          for column in 0..<size {
            dv[offset + column] += probability * dout[query + column]
            product += dout[query + column] * v[offset + column]
          }
          let factor = probability * (product - delta[row * heads + head]) * scale
          for column in 0..<size { dk[offset + column] += factor * q[query + column] }
        }
      }
    }
  }
}
