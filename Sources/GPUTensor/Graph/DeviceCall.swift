import Kernels

/// The execution of one node within a replay, on an OpenCL device: its buffers and shapes, and the means to enqueue
/// kernels.
package struct DeviceCall {
  package let context: Context
  package let traits: KernelTraits
  package let counts: RowCounts
  package let scalars: ReplayScalars
  package let inputShapes: [Shape]
  package let outputShapes: [Shape]
  let inputBuffers: [Buffer]
  let outputBuffers: [Buffer]
  let modes: [WriteMode]
  let scratchBuffer: Buffer?

  /// The replay's rows.
  package var rows: Int { counts.rows }

  package func input(_ index: Int) -> KernelArgument { .read(inputBuffers[index]) }

  /// An output, with the role that its write mode gives it.
  package func output(_ index: Int) -> KernelArgument {
    accumulates(index) ? .update(outputBuffers[index]) : .write(outputBuffers[index])
  }

  package func inputBuffer(_ index: Int) -> Buffer { inputBuffers[index] }
  package func outputBuffer(_ index: Int) -> Buffer { outputBuffers[index] }

  /// The memory that the op asked for in `scratchBytes`.
  package var scratch: Buffer {
    guard let scratchBuffer else { preconditionFailure("no scratch was planned") }
    return scratchBuffer
  }

  /// True where this replay adds to the output.
  package func accumulates(_ output: Int) -> Bool { modes[output].accumulates(scalars) }

  /// 1 where the output is added to, for a kernel's `accumulate`.
  package func accumulateFlag(_ output: Int) -> KernelArgument { .int(accumulates(output) ? 1 : 0) }

  /// The leading dimension of an input in this replay.
  package func leading(ofInput index: Int) -> Int { inputShapes[index].leading(counts) }

  /// The execution of one part of a fused node.
  func part(inputs: Range<Int>, outputs: Range<Int>) -> DeviceCall {
    DeviceCall(
      context: context, traits: traits, counts: counts, scalars: scalars, inputShapes: Array(inputShapes[inputs]),
      outputShapes: Array(outputShapes[outputs]), inputBuffers: Array(inputBuffers[inputs]),
      outputBuffers: Array(outputBuffers[outputs]), modes: Array(modes[outputs]), scratchBuffer: scratchBuffer)
  }

  /// The execution of one part of a fused node, by the places of the part's tensors in the node.
  func part(reading: [TensorPlace], writing: [Int]) -> DeviceCall {
    DeviceCall(
      context: context, traits: traits, counts: counts, scalars: scalars,
      inputShapes: reading.map { $0.value(inputs: inputShapes, outputs: outputShapes) },
      outputShapes: writing.map { outputShapes[$0] },
      inputBuffers: reading.map { $0.value(inputs: inputBuffers, outputs: outputBuffers) },
      outputBuffers: writing.map { outputBuffers[$0] }, modes: writing.map { modes[$0] }, scratchBuffer: scratchBuffer)
  }

  /// The buffer of a part's tensor.
  func buffer(at place: TensorPlace) -> Buffer { place.value(inputs: inputBuffers, outputs: outputBuffers) }

  /// Enqueues a kernel that is compiled with the device's defines and `defines`.
  package func launch(
    _ kernel: String, _ file: String, defines: Defines = [:], _ arguments: [KernelArgument], _ range: NDRange
  ) throws(DeviceError) {
    // A micro-batch may have no row with a target: then nothing is enqueued.
    guard range.isEmpty == false else { return }
    let compiled = try context.kernel(kernel, file: file, defines: traits.defines + defines)
    try context.launch(compiled, arguments, range: range)
  }

  /// Enqueues a kernel with one group for each row.
  package func launchRows(
    _ kernel: String, _ file: String, _ arguments: [KernelArgument], rows: Int
  ) throws(DeviceError) {
    try launch(kernel, file, arguments, .groups(rows, of: traits.workGroupSize))
  }

  /// Enqueues an element-wise kernel over `count` elements.
  package func launchElements(
    _ kernel: String, _ file: String, defines: Defines = [:], _ arguments: [KernelArgument], count: Int
  ) throws(DeviceError) {
    let groups = (count + traits.groupElements - 1) / traits.groupElements
    try launch(kernel, file, defines: defines, arguments, .groups(groups, of: traits.workGroupSize))
  }
}

extension WriteMode {
  func accumulates(_ scalars: ReplayScalars) -> Bool {
    switch self {
    case .overwrite: false
    case .accumulate: true
    case .accumulateAcrossRuns: scalars.accumulates
    }
  }
}
