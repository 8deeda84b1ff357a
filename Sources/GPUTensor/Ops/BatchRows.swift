import Kernels

/// The rows of a batch, made on the device from the round's token stream: the host sends only where each sample lies.
///
/// - inputs: the stream's ids and labels [N]; segments [S, 4]: each sample's place in the stream, its first row, how
///   many rows it has, and its length in tokens, which is no less.
/// - outputs, all [R] int32: ids; targets, the label of the next token, −100 for a sample's last; positions; and the
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

/// What the sample of each row counts, [R, 1]: inputs the stream's weights [N], one a token; segments [S, 4].
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

/// The rows that have a target, in their order: inputs targets [R]; outputs, int32 with one entry for each such row, the
/// rows' numbers and their targets. The host knows how many there are.
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

/// What the model needs to know of a batch's rows: one int32 [R] each.
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
  /// The rows of the samples that `segments` [S, 4] names in a stream of ids and labels.
  package func batchRows(ids: Tensor, labels: Tensor, segments: Tensor) -> RowTensors {
    RowTensors(record(BatchRows(rowCapacity: rowCapacity), [ids, labels, segments]))
  }

  /// What the samples of those rows count, [R, 1], where the stream has a weight for each token.
  package func batchWeights(_ weights: Tensor, segments: Tensor) -> Tensor {
    record(BatchWeights(rowCapacity: rowCapacity), [weights, segments])[0]
  }

  /// The numbers of the rows that have a target, and those targets.
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
        // Integers are compared as rows of a table that they pick.
        let table = recorder.parameter(Shape([rows + 102, 1]), values: (0..<rows + 102).map(Float.init))
        for tensor in [batch.ids, batch.positions, batch.keyStart, batch.keyEnd, batch.queryEnd] {
          recorder.compare(table.embedding(tensor))
        }
        let x = recorder.parameter(recorder.graph.rows(3))
        recorder.compare(
          x.linearCrossEntropy(weight: recorder.parameter(Shape([101, 3])), targets: batch.targets).rows)
      }
    }
  }
}
