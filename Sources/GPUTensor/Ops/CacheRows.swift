import Kernels

/// Copies rows [R, W] into a cache [N, W] of earlier rows, from the run's cache offset on.
struct CacheRows: Operation {
  let name = "cache"
  let capacity: Int

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [TensorDescription(Shape([capacity, inputs[0].shape.columns]))]
  }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    let rowBytes = step.inputShapes[0].columns * MemoryLayout<Float>.size
    precondition(step.scalars.cacheOffset + step.rows <= capacity, "more rows than the cache holds")
    try step.context.copy(
      from: step.inputBuffer(0), to: step.outputBuffer(0), targetOffset: step.scalars.cacheOffset * rowBytes,
      byteCount: step.rows * rowBytes)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    let columns = step.inputShapes[0].columns
    (step.output(0) + step.scalars.cacheOffset * columns).update(from: step.input(0), count: step.rows * columns)
  }
}

extension Tensor {
  /// Copies these rows into a cache, which the nodes recorded after this one then read.
  package func append(toCache cache: Tensor) {
    graph.record(
      CacheRows(capacity: cache.shape.dimensions[0]), [self], into: [cache], modes: [.accumulate])
  }
}
