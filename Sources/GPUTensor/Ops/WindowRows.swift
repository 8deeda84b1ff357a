import Kernels

/// The ranges of attention within a window: a row attends to the last `window` of its keys, its own among them.
///
/// - inputs, int32 [R]: keyStart, keyEnd, queryEnd, as `BatchRows` makes them; outputs: the new keyStart and queryEnd.
/// - Source: Beltagy et al., arXiv:2004.05150 (sliding windows), causal as in Mistral, arXiv:2310.06825.
struct WindowRows: Operation {
  let name = "batch"
  let window: Int

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    precondition(window > 0 && inputs.allSatisfy { $0.shape == inputs[0].shape }, "a window of \(window) rows")
    return [0, 2].map { TensorDescription(inputs[$0].shape, .int32) }
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let (rows, groupSize) = (call.leading(ofInput: 0), call.traits.workGroupSize)
    try call.launch(
      "batch_window", "batch.cl", (0..<2).map(call.output) + (0..<3).map(call.input) + [.int(window), .int(rows)],
      .groups((rows + groupSize - 1) / groupSize, of: groupSize))
  }

  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (keyStart, keyEnd, queryEnd) = (call.ints(0), call.ints(1), call.ints(2))
    let window = Int32(window)
    for row in 0..<call.leading(ofInput: 0) {
      call.outputInts(0)[row] = max(keyStart[row], keyEnd[row] - window)
      call.outputInts(1)[row] = min(queryEnd[row], Int32(row) + window)
    }
  }
}

extension RowTensors {
  /// These rows, each attending to at most its last `window` keys, its own among them.
  package func windowed(_ window: Int) -> RowTensors {
    let ranges = keyStart.graph.record(WindowRows(window: window), [keyStart, keyEnd, queryEnd])
    return RowTensors([ids, targets, positions, ranges[0], keyEnd, ranges[1]])
  }
}
