import Kernels

/// out[r] = table[ids[r]]: rows of a table [V, C], in any storage dtype, by ids [R]; out is float32 [R, C].
///
/// - inputs: the table, or its parts (a division by rows) in order; ids.
struct Embedding: Operation {
  let name = "embedding"
  let tableType: DType

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let ids = inputs[inputs.count - 1].shape
    return [TensorDescription(Shape([ids.dimensions[0], inputs[0].shape.columns], extent: ids.extent))]
  }

  func backward(_ pass: BackwardPass) {
    precondition(tableType == .float32, "the gradient of a table in \(tableType)")
    let parts = pass.inputCount - 1
    var first = 0
    for part in 0..<parts {
      let table = pass.input(part).shape
      if pass.needsGradient(part) {
        pass.contribute(
          to: part, EmbeddingBackward(table: table, firstRow: first), [pass.gradient(), pass.input(parts)])
      }
      first += table.dimensions[0]
    }
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let parts = call.inputShapes.count - 1
    let rows = call.leading(ofInput: parts)
    var first = 0
    for part in 0..<parts {
      let table = call.inputShapes[part]
      try call.launch(
        "embedding_forward", "embedding.cl", defines: tableType.storageDefines,
        [
          call.output(0), call.input(part), call.input(parts), .int(rows), .int(table.columns), .int(first),
          .int(table.dimensions[0]),
        ], .groups(rows, of: call.traits.workGroupSize))
      first += table.dimensions[0]
    }
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let parts = call.inputShapes.count - 1
    let (out, ids) = (call.output(0), call.ints(parts))
    let columns = call.inputShapes[0].columns
    call.parallel(call.leading(ofInput: parts)) { row in
      var (part, id) = (0, Int(ids[row]))
      while id >= call.inputShapes[part].dimensions[0] {
        id -= call.inputShapes[part].dimensions[0]
        part += 1
      }
      (out + row * columns).update(from: call.input(part) + id * columns, count: columns)
    }
  }
}

/// dtable[v] (= or +=) Σ dout[r] over the rows r with id firstRow + v. Inputs: dout [R, C], ids [R]. Rows add up in
/// order.
struct EmbeddingBackward: Operation {
  let name = "embedding"
  let table: Shape
  /// The first row of this part within the whole table.
  let firstRow: Int

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(table)] }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let rows = call.leading(ofInput: 0)
    if !call.accumulates(0) {
      try call.context.fill(call.outputBuffer(0), pattern: 0, byteCount: call.outputShapes[0].count * 4)
    }
    try call.launchRows(
      "embedding_backward", "embedding.cl",
      [
        .update(call.outputBuffer(0)), call.input(0), call.input(1), .int(rows), .int(table.columns), .int(firstRow),
        .int(table.dimensions[0]),
      ], rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (dtable, dout, ids) = (call.output(0), call.input(0), call.ints(1))
    let (rows, columns) = (call.leading(ofInput: 0), call.inputShapes[0].columns)
    if !call.accumulates(0) { dtable.update(repeating: 0, count: call.outputShapes[0].count) }
    call.parallelElements(columns) { range in
      for row in 0..<rows where table.dimensions[0] > Int(ids[row]) - firstRow && Int(ids[row]) >= firstRow {
        let (target, source) = (dtable + (Int(ids[row]) - firstRow) * columns, dout + row * columns)
        for column in range { target[column] += source[column] }
      }
    }
  }
}

extension Tensor {
  /// Rows of this table [V, C] by ids [R]: [R, C].
  package func embedding(_ ids: Tensor) -> Tensor { [self].embedding(ids) }
}

extension [Tensor] {
  /// Rows, by ids [R], of the table [V, C] that these parts divide by rows: [R, C].
  package func embedding(_ ids: Tensor) -> Tensor {
    ids.graph.record(Embedding(tableType: self[0].dtype), self + [ids])[0]
  }
}

extension Embedding: Checked {
  package static let stem = "embedding"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    let stored = DType.allCases.filter { $0.isBlocks && $0.isOfWeights }.map { dtype in
      OperationCase("7 ids of 11, 64 columns, \(dtype.rawValue)", rows: 7) { recorder in
        let ids = recorder.ints((0..<7).map { $0 * $0 % 11 })
        recorder.compare(recorder.frozen(Shape([11, 64]), dtype: dtype).embedding(ids))
      }
    }
    let divided = OperationCase("9 ids of 4, 5 and 2 rows", rows: 9) { recorder in
      let parts = [4, 5, 2].map { recorder.parameter(Shape([$0, 7])) }
      let ids = recorder.ints([0, 10, 3, 4, 4, 8, 9, 0, 3])
      recorder.differentiate(parts.embedding(ids), by: parts)
    }
    return stored + [divided]
      + sizes.lengths.flatMap { columns in
        sizes.rows.map { rows in
          OperationCase("\(rows) ids of 11, \(columns) columns", rows: rows) { recorder in
            let table = recorder.parameter(Shape([11, columns]))
            // Few distinct ids, so that several rows add to the same row of the gradient.
            let ids = recorder.ints((0..<rows).map { $0 * $0 % 5 })
            recorder.differentiate(table.embedding(ids), by: [table])
            recorder.compare(table.cast(to: .bfloat16).embedding(ids))
          }
        }
      }
  }
}
