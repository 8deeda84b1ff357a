import Kernels

/// A batch's integer rows, made on the device from the round's token stream: the host sends only the segment table.
///
/// - inputs: the stream's ids and labels [N]; segments [S, 4]: each sample's first token in the stream, its first row,
///   its rows, and its length in tokens, at least its rows.
/// - outputs, all [R] int32: ids; targets (the next token's label; −100 for a sample's last token); positions; and the
///   ranges of `Attention`: keyStart, keyEnd, queryEnd.
struct BatchRows: Operation {
  let name = "batch"
  let rowCapacity: Int

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    (0..<6).map { _ in TensorDescription(Shape([rowCapacity], scalesWithRows: true), .int32) }
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let groupSize = call.traits.workGroupSize
    try call.launch(
      "batch_rows", "batch.cl",
      (0..<6).map(call.output) + (0..<3).map(call.input) + [.int(call.scalars.segmentCount), .int(call.rows)],
      .groups((call.rows + groupSize - 1) / groupSize, of: groupSize))
  }

  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (ids, labels, segments) = (call.ints(0), call.ints(1), call.ints(2))
    let outputs = (0..<6).map(call.outputInts)
    for segment in 0..<call.scalars.segmentCount {
      let entry = segments + segment * 4
      let (start, first, count, length) = (Int(entry[0]), Int(entry[1]), Int(entry[2]), Int(entry[3]))
      for index in 0..<count {
        let row = first + index
        outputs[0][row] = ids[start + index]
        outputs[1][row] = index + 1 < length ? labels[start + index + 1] : -100
        outputs[2][row] = Int32(index)
        outputs[3][row] = Int32(first)
        outputs[4][row] = Int32(row + 1)
        outputs[5][row] = Int32(first + count)
      }
    }
  }
}

/// The weight of each row's token, [R, 1]. Inputs: the stream's weights [N]; segments [S, 4], as in `BatchRows`.
struct BatchWeights: Operation {
  let name = "batch"
  let rowCapacity: Int

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(Shape([rowCapacity, 1], scalesWithRows: true))]
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let groupSize = call.traits.workGroupSize
    try call.launch(
      "batch_weights", "batch.cl",
      [call.output(0), call.input(0), call.input(1), .int(call.scalars.segmentCount), .int(call.rows)],
      .groups((call.rows + groupSize - 1) / groupSize, of: groupSize))
  }

  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let segments = call.ints(1)
    for segment in 0..<call.scalars.segmentCount {
      let (start, first, count) = (segments[segment * 4], segments[segment * 4 + 1], segments[segment * 4 + 2])
      (call.output(0) + Int(first)).update(from: call.input(0) + Int(start), count: Int(count))
    }
  }
}

/// The rows that have a target, in order. Input: targets [R]; outputs, int32 with one entry for each such row: the
/// row's index, and its target. The host knows the number of entries.
struct SelectTargets: Operation {
  let name = "batch"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let shape = Shape(inputs[0].shape.dimensions, extent: .targets)
    return [TensorDescription(shape, .int32), TensorDescription(shape, .int32)]
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let groupSize = call.traits.workGroupSize
    try call.launch(
      "select_targets", "batch.cl", [call.output(0), call.output(1), call.input(0), .int(call.rows)],
      .groups((call.rows + groupSize - 1) / groupSize, of: groupSize))
  }

  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let targets = call.ints(0)
    var count = 0
    for row in 0..<call.rows where targets[row] >= 0 {
      call.outputInts(0)[count] = Int32(row)
      call.outputInts(1)[count] = targets[row]
      count += 1
    }
  }
}

/// The integers that the model reads of a batch, int32 [R] each; the outputs of `BatchRows`.
package struct RowTensors {
  package let ids: Tensor
  package let targets: Tensor
  package let positions: Tensor
  package let keyStart: Tensor
  package let keyEnd: Tensor
  package let queryEnd: Tensor

  package init(_ tensors: [Tensor]) {
    (ids, targets, positions) = (tensors[0], tensors[1], tensors[2])
    (keyStart, keyEnd, queryEnd) = (tensors[3], tensors[4], tensors[5])
  }
}

extension Graph {
  /// The rows of the samples in `segments` [S, 4], from a stream of ids and labels [N].
  package func batchRows(ids: Tensor, labels: Tensor, segments: Tensor) -> RowTensors {
    RowTensors(record(BatchRows(rowCapacity: rowCapacity), [ids, labels, segments]))
  }

  /// The weight of each row's token, [R, 1], from the stream's weights [N].
  package func batchWeights(_ weights: Tensor, segments: Tensor) -> Tensor {
    record(BatchWeights(rowCapacity: rowCapacity), [weights, segments])[0]
  }

  /// Indices of the rows that have a target, and these targets.
  package func selectTargets(_ targets: Tensor) -> (rows: Tensor, targets: Tensor) {
    let outputs = record(SelectTargets(), [targets])
    return (outputs[0], outputs[1])
  }
}

extension BatchRows: Checked {
  package static let stem = "batch"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    let packings = sizes == .small ? [[1], [3, 2]] : [[1], [3, 2], [17, 1, 16, 31], [129, 64]]
    return packings.map { lengths in
      let rows = lengths.reduce(0, +)
      return OperationCase("samples \(lengths)", rows: rows) { recorder in
        let stream = Shape([rows + 5])
        let ids = recorder.ints(stream, values: (0..<rows + 5).map { $0 * 37 % 101 })
        let labels = recorder.ints(stream, values: (0..<rows + 5).map { $0 % 3 == 0 ? -100 : $0 * 37 % 101 })
        let segments = lengths.enumerated().flatMap { index, count in
          let row = lengths[..<index].reduce(0, +)
          return [row + index % 4, row, count, count + index % 2]
        }
        recorder.set { $0.segmentCount = lengths.count }
        let segmentTable = recorder.ints(Shape([lengths.count, 4]), values: segments)
        let batch = recorder.graph.batchRows(ids: ids, labels: labels, segments: segmentTable)
        recorder.compare(recorder.graph.batchWeights(recorder.parameter(stream), segments: segmentTable))
        // Integers are compared through the rows of a table that they select.
        let table = recorder.parameter(Shape([rows + 102, 1]), values: (0..<rows + 102).map(Float.init))
        let windows = [1, 5, 33].map(batch.windowed).flatMap { [$0.keyStart, $0.queryEnd] }
        for tensor in [batch.ids, batch.positions, batch.keyStart, batch.keyEnd, batch.queryEnd] + windows {
          recorder.compare(table.embedding(tensor))
        }
        let x = recorder.parameter(recorder.graph.rows(3))
        recorder.compare(
          x.linearCrossEntropy(weight: recorder.parameter(Shape([101, 3])), targets: batch.targets).rows)
      }
    }
  }
}
