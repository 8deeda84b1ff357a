import Kernels

/// Token losses of logits x·Wᵀ without ever storing all R×V of them.
///
/// - inputs: x [R, C], targets [R] (−100: not a target), weight [V, C] or the parts that it is divided into by rows: all but
///   the last alike, and of a multiple of 256 rows.
/// - outputs: the sum of the token losses [1], and each row's loss −ln p(target) [R], 0 where there is none.
///
/// Its gradient is made in the same pass over the logits: `LinearCrossEntropyGradient` takes its place in a graph that
/// is differentiated. Source: the chunking of arXiv:2410.10989 (Liger Kernel), section 3.2.
struct LinearCrossEntropy: Operation {
  let name = "cross_entropy"
  /// How the weight is stored; where not as float32, it is frozen.
  var weightType = DType.float32

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let parts = inputs[2...].map(\.shape)
    precondition(
      parts.allSatisfy { $0.columns == inputs[0].shape.columns }
        && parts.dropLast().allSatisfy {
          $0 == parts[0] && $0.dimensions[0].isMultiple(of: CrossEntropyChunks.rowMultiple)
        } && parts[parts.count - 1].dimensions[0] <= parts[0].dimensions[0],
      "cross-entropy: \(inputs.map(\.shape))")
    return [TensorDescription(Shape([1])), TensorDescription(inputs[0].shape.withColumns(1))]
  }

  func backward(_ pass: BackwardPass) {
    precondition(pass.isRoot(), "a cross-entropy is the loss itself")
    precondition(pass.needsGradient(0), "what the logits are made from is trained")
    let parts = 2..<pass.inputCount
    let trainsWeight = pass.needsGradient(2)
    precondition(weightType == .float32 || !trainsWeight, "the gradient of a matrix in \(weightType)")
    precondition(
      parts.allSatisfy { pass.needsGradient($0) == trainsWeight }, "all parts of a weight are trained, or none")
    pass.supersede(
      by: LinearCrossEntropyGradient(trainsWeight: trainsWeight, weightType: weightType), outputs: 2,
      gradientsOf: trainsWeight ? [0] + parts : [0])
  }

  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int {
    CrossEntropyChunks(call.inputs).scratchBytes(traits: traits)
  }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    try CrossEntropyChunks(step.inputShapes, weightType: weightType).enqueue(step)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    CrossEntropyChunks(step.inputShapes).evaluate(step)
  }
}

/// The same losses, and the gradients dx [R, C] (`=`) and dweight [V, C] (`=` or `+=`), of each part, all times the run's
/// loss scale; dx alone where the weight is frozen.
struct LinearCrossEntropyGradient: Operation {
  let name = "cross_entropy"
  let trainsWeight: Bool
  let weightType: DType

  private func chunks(_ inputs: [Shape]) -> CrossEntropyChunks {
    CrossEntropyChunks(inputs, weightType: weightType, gradients: trainsWeight ? .inputAndWeight : .input)
  }

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    LinearCrossEntropy().outputs(for: inputs)
      + ([inputs[0]] + (trainsWeight ? inputs[2...] : [])).map { TensorDescription($0.shape) }
  }

  func canAccumulate(output: Int) -> Bool { output >= 3 }

  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int {
    chunks(call.inputs).scratchBytes(traits: traits)
  }

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    try chunks(step.inputShapes).enqueue(step)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    chunks(step.inputShapes).evaluate(step)
  }
}

/// The logits, a chunk of rows at a time.
struct CrossEntropyChunks {
  /// What is made besides the losses.
  enum Gradients {
    case none, input, inputAndWeight
  }

  /// A chunk's logits take about this many bytes: large enough for the products to run at full speed.
  static let targetBytes = 100 << 20
  /// Chunks start at multiples of this many rows, so that windows are aligned for every C.
  static let rowMultiple = 256

  let rowCapacity: Int
  let columns: Int
  let vocabularySize: Int
  /// Rows of each part of the weight.
  private let parts: [Int]
  private let weightType: DType
  private let gradients: Gradients
  private var withGradient: Bool { gradients != .none }
  private var withWeight: Bool { gradients == .inputAndWeight }

  init(_ inputs: [Shape], weightType: DType = .float32, gradients: Gradients = .none) {
    self.weightType = weightType
    self.gradients = gradients
    rowCapacity = inputs[0].dimensions[0]
    columns = inputs[0].columns
    parts = inputs[2...].map { $0.dimensions[0] }
    vocabularySize = parts.reduce(0, +)
  }

  /// Rows of a chunk.
  var chunkRows: Int {
    let fitting = Self.targetBytes / (vocabularySize * 4) / Self.rowMultiple * Self.rowMultiple
    return min(rowCapacity, max(fitting, Self.rowMultiple))
  }

  private var logitBytes: Int { SlabLayout.aligned(chunkRows * vocabularySize * 4) }
  private var lossBytes: Int { SlabLayout.aligned(LongSum.parts(rowCapacity) * 4) }

  // Logits, and the gradients of the input and of the weight, by a part of it: NT, NN and TN.
  private func products(
    rows: Int, partRows: Int
  ) -> (logits: MatmulSize, input: MatmulSize, weight: MatmulSize) {
    (
      MatmulSize(m: rows, n: partRows, k: columns), MatmulSize(m: rows, n: columns, k: partRows),
      MatmulSize(m: partRows, n: columns, k: rows)
    )
  }

  func scratchBytes(traits: KernelTraits?) -> Int {
    guard traits != nil else { return 0 }
    let sizes = products(rows: chunkRows, partRows: parts[0])
    func bytes(_ size: MatmulSize, _ transposeA: Bool, _ transposeB: Bool) -> Int {
      MatmulLaunch.scratchBytes(size, transposeA: transposeA, transposeB: transposeB, traits: traits)
    }
    var matmul = bytes(sizes.logits, false, true)
    if withGradient { matmul = max(matmul, bytes(sizes.input, false, false)) }
    if withWeight { matmul = max(matmul, bytes(sizes.weight, true, false)) }
    return logitBytes + lossBytes + matmul
  }

  // MARK: - OpenCL

  func enqueue(_ step: DeviceStep) throws(OpenCLError) {
    let logits = try step.scratch.window(offset: 0, byteCount: logitBytes)
    let partials = try step.scratch.window(offset: logitBytes, byteCount: lossBytes)
    let packedBytes = step.scratch.byteCount - logitBytes - lossBytes
    let packed =
      packedBytes > 0 ? try step.scratch.window(offset: logitBytes + lossBytes, byteCount: packedBytes) : step.scratch
    let rows = step.leading(ofInput: 0)
    if rows == 0 && withWeight {
      for part in parts.indices where !step.accumulates(3 + part) {
        try step.context.fill(
          step.outputBuffer(3 + part), pattern: 0, byteCount: step.outputShapes[3 + part].count * 4)
      }
    }
    for first in stride(from: 0, to: rows, by: chunkRows) {
      let count = min(chunkRows, rows - first)
      func window(_ buffer: Buffer, _ width: Int) throws(OpenCLError) -> Buffer {
        try buffer.window(offset: first * width * 4, byteCount: count * width * 4)
      }
      let x = try window(step.inputBuffer(0), columns)
      let losses = try window(step.outputBuffer(1), 1)
      let targets = try window(step.inputBuffer(1), 1)
      var partLogits: [Buffer] = []
      for (part, partRows) in parts.enumerated() {
        let place = part * parts[0] * count * 4
        partLogits.append(try step.scratch.window(offset: place, byteCount: partRows * count * 4))
        try MatmulLaunch(
          size: products(rows: count, partRows: partRows).logits, c: partLogits[part], a: x,
          b: step.inputBuffer(2 + part), typeOfB: weightType, transposeA: false, transposeB: true, accumulate: false
        ).enqueue(step, scratch: packed)
      }
      let common: [KernelArgument] = [.read(targets), .int(count), .int(vocabularySize), .int(parts[0])]
      guard withGradient else {
        try step.launchRows(
          "cross_entropy_forward", "cross_entropy.cl", [.write(losses), .read(logits)] + common, rows: count)
        continue
      }
      try step.launchRows(
        "cross_entropy_gradient", "cross_entropy.cl",
        [.write(losses), .update(logits)] + common + [.float(step.scalars.lossScale)], rows: count)
      let dx = try window(step.outputBuffer(2), columns)
      for (part, partRows) in parts.enumerated() {
        let sizes = products(rows: count, partRows: partRows)
        try MatmulLaunch(
          size: sizes.input, c: dx, a: partLogits[part], b: step.inputBuffer(2 + part), typeOfB: weightType,
          transposeA: false, transposeB: false, accumulate: part > 0
        ).enqueue(step, scratch: packed)
        guard withWeight else { continue }
        try MatmulLaunch(
          size: sizes.weight, c: step.outputBuffer(3 + part), a: partLogits[part], b: x, transposeA: true,
          transposeB: false, accumulate: first > 0 || step.accumulates(3 + part)
        ).enqueue(step, scratch: packed)
      }
    }
    try LongSum.enqueuePartial("sum_partial", step, partials: partials, .read(step.outputBuffer(1)), count: rows)
    try step.launch(
      "sum_final", "reduce.cl",
      [step.output(0), .read(partials), .int(LongSum.parts(rows)), step.accumulateFlag(0)],
      .groups(1, of: step.traits.workGroupSize))
  }

  // MARK: - CPU

  func evaluate<S: HostScalar>(_ step: HostStep<S>) {
    let (x, targets) = (step.input(0), step.ints(1))
    let rows = step.leading(ofInput: 0)
    // Of a divided weight all parts side by side, and so its gradient: nothing here is too large.
    let count = vocabularySize * columns
    let isDivided = parts.count > 1
    let weight = isDivided ? UnsafeMutablePointer<S>.allocate(capacity: count) : step.input(2)
    let dweight = isDivided && withWeight ? UnsafeMutablePointer<S>.allocate(capacity: count) : nil
    defer {
      if isDivided { weight.deallocate() }
      dweight?.deallocate()
    }
    func forEachPart(_ body: (_ part: Int, _ place: Int, _ count: Int) -> Void) {
      for (part, partRows) in parts.enumerated() { body(part, part * parts[0] * columns, partRows * columns) }
    }
    if isDivided { forEachPart { (weight + $1).update(from: step.input(2 + $0), count: $2) } }
    if withWeight {
      forEachPart { if !step.accumulates(3 + $0) { step.output(3 + $0).update(repeating: 0, count: $2) } }
      if let dweight { forEachPart { (dweight + $1).update(from: step.output(3 + $0), count: $2) } }
    }
    let chunk = max(1, min(rows, 64))
    let logits = UnsafeMutablePointer<S>.allocate(capacity: chunk * vocabularySize)
    defer { logits.deallocate() }
    var total: S = 0
    for first in stride(from: 0, to: rows, by: chunk) {
      let count = min(chunk, rows - first)
      let sizes = products(rows: count, partRows: vocabularySize)
      step.matmul(
        sizes.logits, c: logits, a: x + first * columns, b: weight, transposeA: false, transposeB: true,
        accumulate: false)
      step.parallel(count) { row in
        step.output(1)[first + row] = loss(
          logits + row * vocabularySize, target: Int(targets[first + row]),
          gradientScale: withGradient ? S(step.scalars.lossScale) : nil)
      }
      for row in first..<first + count { total += step.output(1)[row] }
      guard withGradient else { continue }
      step.matmul(
        sizes.input, c: step.output(2) + first * columns, a: logits, b: weight, transposeA: false, transposeB: false,
        accumulate: false)
      guard withWeight else { continue }
      step.matmul(
        sizes.weight, c: dweight ?? step.output(3), a: logits, b: x + first * columns, transposeA: true,
        transposeB: false, accumulate: true)
    }
    if let dweight { forEachPart { step.output(3 + $0).update(from: dweight + $1, count: $2) } }
    step.output(0)[0] = total + (step.accumulates(0) ? step.output(0)[0] : 0)
  }

  /// One row's loss; with a scale, its logits become (softmax − one-hot) · scale, or 0 where there is no target.
  private func loss<S: HostScalar>(_ logits: UnsafeMutablePointer<S>, target: Int, gradientScale: S?) -> S {
    var largest = logits[0]
    for column in 0..<vocabularySize { largest = max(largest, logits[column]) }
    var sum: S = 0
    // By parts, which keeps the digits of what is small beside the whole.
    let part = 256
    for first in stride(from: 0, to: vocabularySize, by: part) {
      sum += (first..<min(first + part, vocabularySize)).reduce(0) { $0 + S.exp(logits[$1] - largest) }
    }
    let logSum = largest + S.log(sum)
    let loss = target < 0 ? 0 : logSum - logits[target]
    if let scale = gradientScale {
      for column in 0..<vocabularySize {
        logits[column] = target < 0 ? 0 : S.exp(logits[column] - logSum) * scale
      }
      if target >= 0 { logits[target] -= scale }
    }
    return loss
  }
}

extension LinearCrossEntropy {
  /// A case in which some rows have no target, and the hidden rows of the others are picked first.
  fileprivate static func selected(rows: Int, columns: Int, vocabulary: Int) -> OperationCase {
    OperationCase("\(rows) rows, every third a target", rows: rows) { recorder in
      let x = recorder.parameter(recorder.graph.rows(columns))
      let weight = recorder.parameter(Shape([vocabulary, columns]))
      let values = (0..<rows).map { $0 % 3 == 1 ? $0 * 31 % vocabulary : -100 }
      recorder.setTargets(values.count { $0 >= 0 })
      let selection = recorder.graph.selectTargets(recorder.ints(values))
      let losses = x.embedding(selection.rows).linearCrossEntropy(weight: weight, targets: selection.targets)
      recorder.differentiate(loss: losses.sum, by: [x, weight])
      recorder.compare(losses.rows)
    }
  }
}

extension Tensor {
  /// The sum of the token losses of logits self·Wᵀ, and each row's loss.
  package func linearCrossEntropy(weight: Tensor, targets: Tensor) -> (sum: Tensor, rows: Tensor) {
    linearCrossEntropy(weight: [weight], targets: targets)
  }

  /// The same with W divided by rows into parts.
  package func linearCrossEntropy(weight parts: [Tensor], targets: Tensor) -> (sum: Tensor, rows: Tensor) {
    let outputs = graph.record(LinearCrossEntropy(weightType: parts[0].dtype), [self, targets] + parts)
    return (outputs[0], outputs[1])
  }
}

extension LinearCrossEntropy: CheckedFirst {
  /// Rows with and without a target, and both gradients.
  package static var firstCases: [OperationCase] { [losses(33, 16, 257, training: ", gradient")] }
}

extension LinearCrossEntropy: Checked {
  package static let stem = "cross_entropy"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    let shapes =
      sizes == .small
      ? [(1, 2, 3), (5, 3, 19)] : [(1, 2, 3), (7, 5, 31), (33, 16, 257), (300, 8, 1009), (65, 24, 4099)]
    let selections = (sizes == .small ? [1, 5] : [1, 5, 301]).map { selected(rows: $0, columns: 5, vocabulary: 37) }
    let stored = [DType.bfloat16, .nf4].map { dtype in
      OperationCase("9 rows, C 64, V 67, \(dtype.rawValue)", rows: 9) { recorder in
        let x = recorder.parameter(recorder.graph.rows(64))
        let weight = recorder.frozen(Shape([67, 64]), dtype: dtype)
        let losses = x.linearCrossEntropy(weight: weight, targets: recorder.ints((0..<9).map { $0 * 31 % 67 }))
        recorder.differentiate(loss: losses.sum, by: [x])
        recorder.compare(losses.rows)
      }
    }
    let divided = [false, true].map { trains in
      OperationCase("7 rows, C 5, V 256, 256 and 88\(trains ? ", gradient" : ", frozen weight")", rows: 7) { recorder in
        let x = recorder.parameter(recorder.graph.rows(5))
        let parts = [256, 256, 88].map { recorder.parameter(Shape([$0, 5])) }
        let targets = recorder.ints([0, 255, 256, -100, 511, 512, 599])
        let losses = x.linearCrossEntropy(weight: parts, targets: targets)
        recorder.compare(losses.rows)
        recorder.differentiate(loss: losses.sum, by: trains ? [x] + parts : [x])
      }
    }
    return selections + stored + divided
      + shapes.flatMap { rows, columns, vocabulary in
        ["", ", gradient", ", frozen weight"].map { losses(rows, columns, vocabulary, training: $0) }
      }
  }

  /// Losses of rows, every fourth without a target, and by the words of `training` their gradients.
  private static func losses(_ rows: Int, _ columns: Int, _ vocabulary: Int, training: String) -> OperationCase {
    OperationCase("\(rows) rows, C \(columns), V \(vocabulary)\(training)", rows: rows) { recorder in
      let x = recorder.parameter(recorder.graph.rows(columns))
      let weight = recorder.parameter(Shape([vocabulary, columns]))
      let targets = recorder.ints((0..<rows).map { $0 % 4 == 1 ? -100 : $0 * 31 % vocabulary })
      let losses = x.linearCrossEntropy(weight: weight, targets: targets)
      if !training.isEmpty {
        recorder.differentiate(loss: losses.sum, by: training == ", gradient" ? [x, weight] : [x])
      } else {
        recorder.compare(losses.sum)
      }
      recorder.compare(losses.rows)
    }
  }
}
