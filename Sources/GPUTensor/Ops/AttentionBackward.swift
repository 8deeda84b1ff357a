import Kernels

/// delta[r, h] = Σ dout · out over head h, the subtrahend of softmax's backward. Inputs: dout, out [R, H·D]; output:
/// [R, H].
struct AttentionDelta: Operation {
  let name = "attention"
  let layout: AttentionLayout

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(inputs[0].shape.withColumns(layout.heads))]
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let rows = call.leading(ofInput: 0)
    let arguments = [call.output(0), call.input(0), call.input(1), .int(rows), .int(layout.heads)]
    switch call.traits.attentionFamily {
    case .panel:
      // A work-item takes 64 (row, head) pairs, adjacent in memory.
      let pairs = 64
      try call.launch(
        "attention_panel_delta", "attention/panel.cl",
        defines: layout.defines + ["REGISTER_LANES": call.traits.registerLanes, "DELTA_PAIRS": pairs],
        arguments, .groups((rows * layout.heads + pairs - 1) / pairs, of: 1))
    case .tile:
      try layout.launchTiles("delta", call, arguments, rows: rows)
    }
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (delta, dout, out) = (call.output(0), call.input(0), call.input(1))
    let size = layout.headSize
    call.parallel(call.leading(ofInput: 0)) { row in
      for index in (row * layout.heads)..<((row + 1) * layout.heads) {
        var sum: S = 0
        for column in (index * size)..<((index + 1) * size) { sum += dout[column] * out[column] }
        delta[index] = sum
      }
    }
  }
}

/// dq [R, H·D]. Inputs: dout, q, k, v, lse, delta, keyStart, keyEnd. Probabilities are recomputed from lse.
struct AttentionBackwardQuery: Operation {
  let name = "attention"
  let layout: AttentionLayout

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(inputs[1].shape)] }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    try layout.launch(
      "backward_query", call, [call.output(0)] + (0...7).map(call.input), rows: call.leading(ofInput: 1),
      heads: layout.heads)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (dq, dout, q, k, v) = (call.output(0), call.input(0), call.input(1), call.input(2), call.input(3))
    let (lse, delta, keyStart, keyEnd) = (call.input(4), call.input(5), call.ints(6), call.ints(7))
    let (heads, size) = (layout.heads, layout.headSize)
    let scale = layout.scale(S.self)
    call.parallel(call.leading(ofInput: 1) * heads) { index in
      let (row, head) = (index / heads, index % heads)
      let target = dq + index * size
      target.update(repeating: 0, count: size)
      for key in Int(keyStart[row])..<max(Int(keyStart[row]), Int(keyEnd[row])) {
        let offset = layout.keyOffset(row: key, head: head)
        let score = layout.score(q + index * size, k + offset)
        let probability = S.exp(score - lse[index])
        var product: S = 0
        for column in 0..<size { product += dout[index * size + column] * v[offset + column] }
        let factor = layout.gradient(probability * (product - delta[index]) * scale, atScore: score)
        for column in 0..<size { target[column] += factor * k[offset + column] }
      }
    }
  }
}

/// dk and dv [Rk, HKV·D]. Inputs: dout, q, k, v, lse, delta, keyStart, keyEnd, queryEnd. Query heads of a group add up
/// in order.
struct AttentionBackwardKeyValue: Operation {
  let name = "attention"
  let layout: AttentionLayout

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(inputs[2].shape), TensorDescription(inputs[3].shape)]
  }

  /// Bytes for a share of dk and dv from each query head, in the tile family; 0 in the others.
  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int {
    guard traits?.attentionFamily == .tile else { return 0 }
    return 2 * call.inputs[2].dimensions[0] * layout.heads * layout.headSize * 4
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let rows = call.leading(ofInput: 2)
    let (gradients, inputs) = ([0, 1].map(call.output), (0...8).map(call.input))
    guard call.traits.attentionFamily == .tile else {
      return try layout.launch("backward_key_value", call, gradients + inputs, rows: rows, heads: layout.keyValueHeads)
    }
    let sizes = layout.sizes(rows: rows)
    try layout.launchTiles(
      "backward_key_value", call, [.write(call.scratch)] + inputs + sizes + layout.scoreArguments, rows: rows)
    try layout.launchTiles("sum_heads", call, gradients + [.read(call.scratch)] + sizes, rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (dk, dv, dout) = (call.output(0), call.output(1), call.input(0))
    let (q, k, v, lse, delta) = (call.input(1), call.input(2), call.input(3), call.input(4), call.input(5))
    let (keyStart, keyEnd, queryEnd) = (call.ints(6), call.ints(7), call.ints(8))
    let (heads, size) = (layout.heads, layout.headSize)
    let group = heads / layout.keyValueHeads
    let scale = layout.scale(S.self)
    call.parallel(call.leading(ofInput: 2) * layout.keyValueHeads) { index in
      let (key, keyHead) = (index / layout.keyValueHeads, index % layout.keyValueHeads)
      let offset = index * size
      (dk + offset).update(repeating: 0, count: size)
      (dv + offset).update(repeating: 0, count: size)
      for head in (keyHead * group)..<((keyHead + 1) * group) {
        for row in key..<max(key, Int(queryEnd[key])) where keyStart[row] <= key && key < keyEnd[row] {
          let query = (row * heads + head) * size
          let score = layout.score(q + query, k + offset)
          let probability = S.exp(score - lse[row * heads + head])
          var product: S = 0
          for column in 0..<size {
            dv[offset + column] += probability * dout[query + column]
            product += dout[query + column] * v[offset + column]
          }
          let slope = probability * (product - delta[row * heads + head]) * scale
          let factor = layout.gradient(slope, atScore: score)
          for column in 0..<size { dk[offset + column] += factor * q[query + column] }
        }
      }
    }
  }
}
