import Kernels

/// Sums over the rows of a matrix, in two launches of fixed order: parts of the rows, then the parts.
struct ColumnSum {
  let rows: Int
  let columns: Int
  /// Rows that one work-group sums.
  var rowsPerPart = 64

  private var parts: Int { (rows + rowsPerPart - 1) / rowsPerPart }

  /// Bytes of the parts' sums.
  var scratchBytes: Int { parts * columns * MemoryLayout<Float>.size }

  private static func columnBlocks(_ columns: Int, _ traits: KernelTraits) -> Int {
    // The same formula as COLUMN_BLOCK in prelude/common.cl.
    let block = traits.workGroupSize * traits.vectorWidth * (traits.workGroupSize == 1 ? 8 : 1)
    return (columns + block - 1) / block
  }

  /// One work-group for each part of the rows and each block of the columns.
  func partialRange(_ traits: KernelTraits) -> NDRange {
    .grid(Self.columnBlocks(columns, traits), parts, of: traits.workGroupSize)
  }

  /// Sums the parts, in order, into an output of the node.
  func enqueueFinal(_ call: DeviceCall, partials: Buffer, output: Int) throws(DeviceError) {
    try Self.enqueueFinal(
      call, call.output(output), partials: partials, parts: parts, columns: columns,
      accumulate: call.accumulateFlag(output))
  }

  /// Sums partials [parts, columns], in order, into `target` [columns].
  static func enqueueFinal(
    _ call: DeviceCall, _ target: KernelArgument, partials: Buffer, parts: Int, columns: Int, accumulate: KernelArgument
  ) throws(DeviceError) {
    try call.launch(
      "column_sum_final", "reduce.cl", [target, .read(partials), .int(parts), .int(columns), accumulate],
      .groups(columnBlocks(columns, call.traits), of: call.traits.workGroupSize))
  }
}

/// Sums over long vectors, in two launches of fixed order.
enum LongSum {
  /// Elements that one work-group sums: enough that partial sums are few, few enough to occupy every compute unit.
  static let elementsPerPart = 1 << 16

  static func parts(_ count: Int) -> Int { (count + elementsPerPart - 1) / elementsPerPart }

  /// Enqueues one of reduce.cl's partial sums over `count` elements, into `partials`.
  static func enqueuePartial(
    _ kernel: String, _ call: DeviceCall, partials: Buffer, _ x: KernelArgument, count: Int
  ) throws(DeviceError) {
    try call.launch(
      kernel, "reduce.cl", [.write(partials), x, .ulong(count), .ulong(elementsPerPart)],
      .groups(parts(count), of: call.traits.workGroupSize))
  }
}

/// out[c] (= or +=) Σ x[r, c] over the rows.
struct SumRows: Operation {
  let name = "reduce"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(Shape([inputs[0].shape.columns]))] }

  func canAccumulate(output: Int) -> Bool { true }

  private func sum(_ x: Shape, rows: Int) -> ColumnSum { ColumnSum(rows: rows, columns: x.columns) }

  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int {
    traits == nil ? 0 : sum(call.inputs[0], rows: call.inputs[0].dimensions[0]).scratchBytes
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let sum = sum(call.inputShapes[0], rows: call.leading(ofInput: 0))
    try call.launch(
      "column_sum_partial", "reduce.cl",
      [.write(call.scratch), call.input(0), .int(sum.rows), .int(sum.columns), .int(sum.rowsPerPart)],
      sum.partialRange(call.traits))
    try sum.enqueueFinal(call, partials: call.scratch, output: 0)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, x) = (call.output(0), call.input(0))
    let (rows, columns) = (call.leading(ofInput: 0), call.inputShapes[0].columns)
    let accumulates = call.accumulates(0)
    call.parallel(columns) { column in
      var sum: S = accumulates ? out[column] : 0
      for row in 0..<rows { sum += x[row * columns + column] }
      out[column] = sum
    }
  }
}

/// out[0] (= or +=) Σ of all elements of x in use in the replay.
struct SumAll: Operation {
  let name = "reduce"

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(Shape([1]))] }

  func canAccumulate(output: Int) -> Bool { true }

  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int {
    traits == nil ? 0 : LongSum.parts(call.inputs[0].count) * MemoryLayout<Float>.size
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.inputShapes[0].count(call.counts)
    try LongSum.enqueuePartial("sum_partial", call, partials: call.scratch, call.input(0), count: count)
    try call.launch(
      "sum_final", "reduce.cl",
      [call.output(0), .read(call.scratch), .int(LongSum.parts(count)), call.accumulateFlag(0)],
      .groups(1, of: call.traits.workGroupSize))
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let x = call.input(0)
    var sum: S = call.accumulates(0) ? call.output(0)[0] : 0
    for index in 0..<call.inputShapes[0].count(call.counts) { sum += x[index] }
    call.output(0)[0] = sum
  }
}

extension Tensor {
  /// The sum over rows of [R, C]: [C].
  package func sumRows() -> Tensor { graph.record(SumRows(), [self])[0] }

  /// The sum of all elements in use in the replay: [1].
  package func sum() -> Tensor { graph.record(SumAll(), [self])[0] }
}

extension SumAll: Checked {
  package static let stem = "reduce"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    (sizes.lengths + (sizes == .full ? [65_535, 65_537, 200_003] : [])).map(sum)
  }

  /// The sum of a vector, and its global norm together with another.
  private static func sum(_ count: Int) -> OperationCase {
    OperationCase("\(count)", rows: 1) { recorder in
      let x = recorder.parameter(Shape([count]))
      recorder.compare(x.sum())
      recorder.compare(recorder.graph.globalNorm([x, recorder.parameter(Shape([count / 2 + 1]))]))
    }
  }
}

extension SumAll: CheckedFirst {
  /// A length beyond one work-item's share.
  package static var firstCases: [OperationCase] { [sum(2051)] }
}
