import Kernels

/// The Euclidean norm [1] of all gradients together. Inputs: the gradients' slabs.
struct GlobalNorm: Operation {
  let name = "global_norm"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(Shape([1]))] }

  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int {
    traits == nil ? 0 : call.inputs.reduce(0) { $0 + regionBytes($1.count) }
  }

  // Each slab's partial sums start at an aligned byte, because the kernel writes them through a window.
  private func regionBytes(_ count: Int) -> Int { SlabLayout.aligned(LongSum.parts(count) * 4) }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    // Gaps between regions are summed too, so they are zeroed.
    try call.context.fill(call.scratch, pattern: 0, byteCount: call.scratch.byteCount)
    var offset = 0
    for (index, shape) in call.inputShapes.enumerated() {
      let region = regionBytes(shape.count)
      let partials = try call.scratch.window(offset: offset, byteCount: region)
      try LongSum.enqueuePartial(
        "sum_of_squares_partial", call, partials: partials, call.input(index), count: shape.count)
      offset += region
    }
    try call.launch(
      "global_norm_final", "global_norm.cl", [call.output(0), .read(call.scratch), .int(offset / 4)],
      .groups(1, of: call.traits.workGroupSize))
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    var sum: S = 0
    for (index, shape) in call.inputShapes.enumerated() {
      let g = call.input(index)
      for element in 0..<shape.count { sum += g[element] * g[element] }
    }
    call.output(0)[0] = sum.squareRoot()
  }

  /// The factor that reduces gradients of this norm to `maxGradNorm`, 1 where none is needed; `maxGradNorm` 0: never.
  static func clipFactor<S: HostScalar>(_ norm: S, maxGradNorm: Float) -> S {
    maxGradNorm > 0 ? min(1, S(maxGradNorm) / (norm + 1e-6)) : 1
  }
}

extension Graph {
  /// The norm [1] of several gradient slabs together.
  package func globalNorm(_ gradients: [Tensor]) -> Tensor { record(GlobalNorm(), gradients)[0] }

  /// Writes the norm of several gradient slabs to an existing value [1].
  package func globalNorm(_ gradients: [Tensor], into norm: Tensor) {
    record(GlobalNorm(), gradients, into: [norm], modes: [.overwrite])
  }
}
