import Kernels

/// out[r] = table[ids[r]]: rows of a table [V, C], stored in any way, by their ids [R]; out is float32.
struct Embedding: Operation {
  let name = "embedding"
  let tableType: DType

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let (table, ids) = (inputs[0].shape, inputs[1].shape)
    return [TensorDescription(Shape([ids.dimensions[0], table.columns], extent: ids.extent))]
  }

  func backward(_ pass: BackwardPass) {
    precondition(tableType == .float32, "the gradient of a table in \(tableType)")
    pass.contribute(
      to: 0, EmbeddingBackward(table: pass.input(0).shape), [pass.gradient(), pass.input(1)])
  }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    let rows = step.leading(ofInput: 1)
    try step.launch(
      "embedding_forward", "embedding.cl", defines: tableType.storageDefines,
      [step.output(0), step.input(0), step.input(1), .int(rows), .int(step.inputShapes[0].columns)],
      .groups(rows, of: step.traits.workGroupSize))
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    let (out, table, ids) = (step.output(0), step.input(0), step.ints(1))
    let columns = step.inputShapes[0].columns
    step.parallel(step.leading(ofInput: 1)) { row in
      (out + row * columns).update(from: table + Int(ids[row]) * columns, count: columns)
    }
  }
}

/// dtable[v] (= or +=) Σ over the rows with id v of dout: inputs dout, ids. Rows add up in their order.
struct EmbeddingBackward: Operation {
  let name = "embedding"
  let table: Shape

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(table)] }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    let rows = step.leading(ofInput: 0)
    if !step.accumulates(0) {
      try step.context.fill(step.outputBuffer(0), pattern: 0, byteCount: step.outputShapes[0].count * 4)
    }
    try step.launchRows(
      "embedding_backward", "embedding.cl",
      [.update(step.outputBuffer(0)), step.input(0), step.input(1), .int(rows), .int(step.inputShapes[0].columns)],
      rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    let (dtable, dout, ids) = (step.output(0), step.input(0), step.ints(1))
    let (rows, columns) = (step.leading(ofInput: 0), step.inputShapes[0].columns)
    if !step.accumulates(0) { dtable.update(repeating: 0, count: step.outputShapes[0].count) }
    step.parallelElements(columns) { range in
      for row in 0..<rows {
        let (target, source) = (dtable + Int(ids[row]) * columns, dout + row * columns)
        for column in range { target[column] += source[column] }
      }
    }
  }
}

extension Tensor {
  /// Rows of this table [V, C] by ids [R]: [R, C].
  package func embedding(_ ids: Tensor) -> Tensor { graph.record(Embedding(tableType: dtype), [self, ids])[0] }
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
    return stored
      + sizes.lengths.flatMap { columns in
        sizes.rows.map { rows in
          OperationCase("\(rows) ids of 11, \(columns) columns", rows: rows) { recorder in
            let table = recorder.parameter(Shape([11, columns]))
            // Few different ids, so that several rows add to the same row of the gradient.
            let ids = recorder.ints((0..<rows).map { $0 * $0 % 5 })
            recorder.differentiate(table.embedding(ids), by: [table])
            recorder.compare(table.cast(to: .bfloat16).embedding(ids))
          }
        }
      }
  }
}
