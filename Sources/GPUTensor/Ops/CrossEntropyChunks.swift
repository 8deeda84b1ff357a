import Kernels

/// The computation of `LinearCrossEntropy` by chunks of rows, with or without gradients.
struct CrossEntropyChunks {
  /// The gradients made besides the losses.
  enum Gradients {
    case none, input, inputAndWeight
  }

  /// Bytes of a chunk's logits, roughly: enough for the products to run at full speed.
  static let targetBytes = 100 << 20
  /// Chunks start at multiples of this many rows, so that windows into tensors are aligned for every C.
  static let rowMultiple = 256

  let rowCapacity: Int
  let columns: Int
  let vocabularySize: Int
  /// Rows of each part of the weight.
  private let parts: [Int]
  private let weightType: DType
  private let hasRowWeights: Bool
  private let softCap: SoftCap?
  private let gradients: Gradients
  /// The ways of the products; nil before the op is planned, and on the CPU fallback.
  private let choices: Choices?
  private var withGradient: Bool { gradients != .none }
  private var withWeight: Bool { gradients == .inputAndWeight }

  /// The ways of the three products of a chunk with a part of the weight.
  struct Choices {
    let logits: MatmulChoice
    let input: MatmulChoice
    let weight: MatmulChoice

    var all: [MatmulChoice] { [logits, input, weight] }
  }

  /// The index of the weight's first part among the inputs.
  static func firstPart(_ hasRowWeights: Bool) -> Int { hasRowWeights ? 3 : 2 }
  private var firstPart: Int { Self.firstPart(hasRowWeights) }

  init(
    _ inputs: [Shape], weightType: DType = .float32, hasRowWeights: Bool, softCap: Float? = nil,
    gradients: Gradients = .none, choices: Choices? = nil
  ) {
    self.softCap = softCap.map(SoftCap.init)
    self.weightType = weightType
    self.hasRowWeights = hasRowWeights
    self.gradients = gradients
    self.choices = choices
    rowCapacity = inputs[0].dimensions[0]
    columns = inputs[0].columns
    parts = inputs[Self.firstPart(hasRowWeights)...].map { $0.dimensions[0] }
    vocabularySize = parts.reduce(0, +)
  }

  /// Rows in a chunk.
  var chunkRows: Int {
    let fitting = Self.targetBytes / (vocabularySize * 4) / Self.rowMultiple * Self.rowMultiple
    return min(rowCapacity, max(fitting, Self.rowMultiple))
  }

  private var logitBytes: Int { SlabLayout.aligned(chunkRows * vocabularySize * 4) }
  private var lossBytes: Int { SlabLayout.aligned(LongSum.parts(rowCapacity) * 4) }

  // Sizes of the three products for one part of the weight: logits (NT), gradient of the input (NN), gradient of the
  // weight (TN).
  private func products(
    rows: Int, partRows: Int
  ) -> (logits: MatmulSize, input: MatmulSize, weight: MatmulSize) {
    (
      MatmulSize(m: rows, n: partRows, k: columns, transposeB: true), MatmulSize(m: rows, n: columns, k: partRows),
      MatmulSize(m: partRows, n: columns, k: rows, transposeA: true)
    )
  }

  /// The choices for chunks and parts of the largest size.
  func planned(traits: KernelTraits) -> Choices {
    let sizes = products(rows: chunkRows, partRows: parts[0])
    return Choices(
      logits: MatmulChoice(sizes.logits, typeOfB: weightType, traits: traits),
      input: MatmulChoice(sizes.input, typeOfB: weightType, traits: traits),
      weight: MatmulChoice(sizes.weight, typeOfB: .float32, traits: traits))
  }

  func scratchBytes(traits: KernelTraits?) -> Int {
    guard let traits, let choices else { return 0 }
    let sizes = products(rows: chunkRows, partRows: parts[0])
    var matmul = choices.logits.scratchBytes(sizes.logits, traits: traits)
    if withGradient { matmul = max(matmul, choices.input.scratchBytes(sizes.input, traits: traits)) }
    if withWeight { matmul = max(matmul, choices.weight.scratchBytes(sizes.weight, traits: traits)) }
    return logitBytes + lossBytes + matmul
  }

  // MARK: - OpenCL

  private var defines: Defines {
    (hasRowWeights ? ["WEIGHTED": 1] : [:]) + (softCap == nil ? [:] : ["SOFT_CAP": 1])
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    guard let choices else { preconditionFailure("a product is planned before it is enqueued") }
    let logits = try call.scratch.window(offset: 0, byteCount: logitBytes)
    let partials = try call.scratch.window(offset: logitBytes, byteCount: lossBytes)
    let packedBytes = call.scratch.byteCount - logitBytes - lossBytes
    let packed =
      packedBytes > 0 ? try call.scratch.window(offset: logitBytes + lossBytes, byteCount: packedBytes) : call.scratch
    let rows = call.leading(ofInput: 0)
    if rows == 0 && withWeight {
      for part in parts.indices where !call.accumulates(3 + part) {
        try call.context.fill(
          call.outputBuffer(3 + part), pattern: 0, byteCount: call.outputShapes[3 + part].count * 4)
      }
    }
    for first in stride(from: 0, to: rows, by: chunkRows) {
      let count = min(chunkRows, rows - first)
      func window(_ buffer: Buffer, _ width: Int) throws(DeviceError) -> Buffer {
        try buffer.window(offset: first * width * 4, byteCount: count * width * 4)
      }
      let x = try window(call.inputBuffer(0), columns)
      let losses = try window(call.outputBuffer(1), 1)
      let targets = try window(call.inputBuffer(1), 1)
      var partLogits: [Buffer] = []
      for (part, partRows) in parts.enumerated() {
        let place = part * parts[0] * count * 4
        partLogits.append(try call.scratch.window(offset: place, byteCount: partRows * count * 4))
        try MatmulProduct(
          choice: choices.logits, size: products(rows: count, partRows: partRows).logits, c: partLogits[part], a: x,
          b: call.inputBuffer(firstPart + part), typeOfB: weightType, accumulate: false
        ).enqueue(call, scratch: packed)
      }
      let common: [KernelArgument] = [.read(targets), .int(count), .int(vocabularySize), .int(parts[0])]
      var last: [KernelArgument] = hasRowWeights ? [.read(try window(call.inputBuffer(2), 1))] : []
      if let softCap { last.append(.float(softCap.cap)) }
      guard withGradient else {
        try call.launch(
          "cross_entropy_forward", "cross_entropy.cl", defines: defines,
          [.write(losses), .read(logits)] + common + last, .groups(count, of: call.traits.workGroupSize))
        continue
      }
      try call.launch(
        "cross_entropy_gradient", "cross_entropy.cl", defines: defines,
        [.write(losses), .update(logits)] + common + [.float(call.scalars.lossScale)] + last,
        .groups(count, of: call.traits.workGroupSize))
      let dx = try window(call.outputBuffer(2), columns)
      for (part, partRows) in parts.enumerated() {
        let sizes = products(rows: count, partRows: partRows)
        try MatmulProduct(
          choice: choices.input, size: sizes.input, c: dx, a: partLogits[part], b: call.inputBuffer(firstPart + part),
          typeOfB: weightType,
          accumulate: part > 0
        ).enqueue(call, scratch: packed)
        guard withWeight else { continue }
        try MatmulProduct(
          choice: choices.weight, size: sizes.weight, c: call.outputBuffer(3 + part), a: partLogits[part], b: x,
          accumulate: first > 0 || call.accumulates(3 + part)
        ).enqueue(call, scratch: packed)
      }
    }
    try LongSum.enqueuePartial("sum_partial", call, partials: partials, .read(call.outputBuffer(1)), count: rows)
    try call.launch(
      "sum_final", "reduce.cl",
      [call.output(0), .read(partials), .int(LongSum.parts(rows)), call.accumulateFlag(0)],
      .groups(1, of: call.traits.workGroupSize))
  }

  // MARK: - CPU

  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (x, targets) = (call.input(0), call.ints(1))
    let rows = call.leading(ofInput: 0)
    // The parts of a divided weight, and of its gradient, are joined here: the CPU has no limit on one allocation.
    let count = vocabularySize * columns
    let isDivided = parts.count > 1
    let weight = isDivided ? UnsafeMutablePointer<S>.allocate(capacity: count) : call.input(firstPart)
    let dweight = isDivided && withWeight ? UnsafeMutablePointer<S>.allocate(capacity: count) : nil
    defer {
      if isDivided { weight.deallocate() }
      dweight?.deallocate()
    }
    func forEachPart(_ body: (_ part: Int, _ place: Int, _ count: Int) -> Void) {
      for (part, partRows) in parts.enumerated() { body(part, part * parts[0] * columns, partRows * columns) }
    }
    if isDivided { forEachPart { (weight + $1).update(from: call.input(firstPart + $0), count: $2) } }
    if withWeight {
      forEachPart { if !call.accumulates(3 + $0) { call.output(3 + $0).update(repeating: 0, count: $2) } }
      if let dweight { forEachPart { (dweight + $1).update(from: call.output(3 + $0), count: $2) } }
    }
    let chunk = max(1, min(rows, 64))
    let logits = UnsafeMutablePointer<S>.allocate(capacity: chunk * vocabularySize)
    defer { logits.deallocate() }
    var total: S = 0
    for first in stride(from: 0, to: rows, by: chunk) {
      let count = min(chunk, rows - first)
      let sizes = products(rows: count, partRows: vocabularySize)
      call.matmul(
        sizes.logits, c: logits, a: x + first * columns, b: weight, accumulate: false)
      call.parallel(count) { row in
        call.output(1)[first + row] = loss(
          logits + row * vocabularySize, target: Int(targets[first + row]),
          weight: hasRowWeights ? call.input(2)[first + row] : 1,
          gradientScale: withGradient ? S(call.scalars.lossScale) : nil)
      }
      for row in first..<first + count { total += call.output(1)[row] }
      guard withGradient else { continue }
      call.matmul(
        sizes.input, c: call.output(2) + first * columns, a: logits, b: weight, accumulate: false)
      guard withWeight else { continue }
      call.matmul(
        sizes.weight, c: dweight ?? call.output(3), a: logits, b: x + first * columns,
        accumulate: true)
    }
    if let dweight { forEachPart { call.output(3 + $0).update(from: dweight + $1, count: $2) } }
    call.output(0)[0] = total + (call.accumulates(0) ? call.output(0)[0] : 0)
  }

  /// Returns one row's loss times `weight`; caps its logits first where they are to be. With a gradient scale, replaces
  /// them by (softmax − one-hot) · scale · weight, times the cap's slope, or by 0 where the row has no target or no weight.
  private func loss<S: HostScalar>(
    _ logits: UnsafeMutablePointer<S>, target: Int, weight: S, gradientScale: S?
  ) -> S {
    let target = weight > 0 ? target : -1
    if let softCap {
      for column in 0..<vocabularySize { logits[column] = softCap.value(logits[column]) }
    }
    var largest = logits[0]
    for column in 0..<vocabularySize { largest = max(largest, logits[column]) }
    var sum: S = 0
    // Partial sums keep the digits of terms that are small beside the total.
    let part = 256
    for first in stride(from: 0, to: vocabularySize, by: part) {
      sum += (first..<min(first + part, vocabularySize)).reduce(0) { $0 + S.exp(logits[$1] - largest) }
    }
    let logSum = largest + S.log(sum)
    let loss = target < 0 ? 0 : weight * (logSum - logits[target])
    if let scale = gradientScale.map({ $0 * weight }) {
      for column in 0..<vocabularySize {
        let logit = logits[column]
        logits[column] = target < 0 ? 0 : S.exp(logit - logSum) * scale
        if column == target { logits[column] -= scale }
        if let softCap, target >= 0 { logits[column] *= softCap.slope(atValue: logit) }
      }
    }
    return loss
  }
}
