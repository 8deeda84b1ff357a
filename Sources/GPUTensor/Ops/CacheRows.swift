import Kernels

/// cache[places[r]] = x[r]: copies rows [R, W] into a cache [N, W] of earlier rows, each to its place [R].
struct CacheRows: Joinable {
  let name = "cache"
  let capacity: Int

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(Shape([capacity, inputs[0].shape.columns]))]
  }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    try Self.enqueue([(self, call)])
  }

  /// The most parts of one launch: keys and values.
  static let mostParts = 2

  func joins(_ other: CacheRows, inputs: [Int], otherInputs: [Int]) -> Bool { inputs[1] == otherInputs[1] }

  static func enqueue(_ parts: [(operation: CacheRows, call: DeviceCall)]) throws(DeviceError) {
    let call = parts[0].call
    let rows = call.leading(ofInput: 0)
    var tensors: [KernelArgument] = []
    for index in 0..<mostParts {
      // The missing second cache has no columns.
      let part = index < parts.count ? parts[index].call : call
      let columns = index < parts.count ? part.inputShapes[0].columns : 0
      tensors += [.update(part.outputBuffer(0)), part.input(0), .int(columns)]
    }
    try call.launchRows("cache_rows", "cache.cl", tensors + [call.input(1), .int(rows)], rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let columns = call.inputShapes[0].columns
    let (cache, x, places) = (call.output(0), call.input(0), call.ints(1))
    for row in 0..<call.rows {
      (cache + Int(places[row]) * columns).update(from: x + row * columns, count: columns)
    }
  }
}

extension Tensor {
  /// Copies these rows [R, W] to their `places` [R] in a cache [N, W]; nodes recorded later read the copies.
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
          // Descending and with gaps: no place equals its row's index.
          let places = recorder.ints((0..<rows).map { 2 * (rows - $0) })
          x.append(toCache: cache, places: places)
          recorder.compare(cache.scaled(by: 2))
          // Two caches in one launch, with different columns.
          let caches = [columns, 2 * columns + 1].map { recorder.parameter(Shape([2 * rows + 3, $0])) }
          let tensors = caches.map { recorder.parameter(recorder.graph.rows($0.shape.columns)) }
          for (tensor, cache) in zip(tensors, caches) { tensor.append(toCache: cache, places: places) }
          for cache in caches { recorder.compare(cache.scaled(by: 2)) }
        }
      }
    }
  }
}
