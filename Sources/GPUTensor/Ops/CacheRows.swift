import Kernels

/// cache[places[r]] = x[r]: rows [R, W] into a cache [N, W] of earlier rows, each at its own place [R].
struct CacheRows: Operation {
  let name = "cache"
  let capacity: Int

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(Shape([capacity, inputs[0].shape.columns]))]
  }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    let rows = step.leading(ofInput: 0)
    try step.launchRows(
      "cache_rows", "cache.cl",
      [.update(step.outputBuffer(0)), step.input(0), step.input(1), .int(rows), .int(step.inputShapes[0].columns)],
      rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    let columns = step.inputShapes[0].columns
    let (cache, x, places) = (step.output(0), step.input(0), step.ints(1))
    for row in 0..<step.rows {
      (cache + Int(places[row]) * columns).update(from: x + row * columns, count: columns)
    }
  }
}

extension Tensor {
  /// Copies these rows [R, W] to their `places` [R] in a cache [N, W], which the nodes recorded after this one then read.
  package func append(toCache cache: Tensor, places: Tensor) {
    graph.record(
      CacheRows(capacity: cache.shape.dimensions[0]), [self, places], into: [cache], modes: [.accumulate])
  }
}

extension CacheRows: Checked {
  package static let stem = "cache"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    sizes.lengths.flatMap { columns in
      sizes.rows.map { rows in
        OperationCase("\(rows)x\(columns)", rows: rows) { recorder in
          let x = recorder.parameter(recorder.graph.rows(columns))
          let cache = recorder.parameter(Shape([2 * rows + 3, columns]))
          // Backwards and with gaps: no place is its row's own number.
          x.append(toCache: cache, places: recorder.ints((0..<rows).map { 2 * (rows - $0) }))
          recorder.compare(cache.scaled(by: 2))
        }
      }
    }
  }
}
