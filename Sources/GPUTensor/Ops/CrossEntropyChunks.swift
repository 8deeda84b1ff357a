import Kernels

/// The computation of `LinearCrossEntropy` by chunks of rows, with or without gradients.
struct CrossEntropyChunks {
  /// Bytes of a chunk's logits, roughly: enough for the products to run at full speed.
  static let targetBytes = 100 << 20
  /// Chunks start at multiples of this many rows, so that windows into tensors are aligned for every C.
  static let rowMultiple = 256

  let rowCapacity: Int
  let vocabularySize: Int
  /// Rows of each part of the weight.
  private let parts: [Int]
  private let terms: [LogitTerm]
  private let hasRowWeights: Bool
  private let softCap: SoftCap?
  private let withGradient: Bool
  /// The ways of the products of each term; nil before the op is planned, and on the CPU fallback.
  private let choices: [Choices]?

  /// The ways of the three products of a chunk with a part of a term's weight.
  struct Choices {
    let logits: MatmulChoice
    let input: MatmulChoice
    let weight: MatmulChoice
  }

  /// The index of the weight's first part among the inputs.
  static func firstPart(_ hasRowWeights: Bool) -> Int { hasRowWeights ? 3 : 2 }

  /// - Parameter gradients: those made besides the losses, of each term; empty: none.
  init(
    _ inputs: [Shape], weightType: DType = .float32, hasRowWeights: Bool, shareCount: Int = 0, softCap: Float? = nil,
    gradients: [LogitTerm.Gradients] = [], choices: [Choices]? = nil
  ) {
    self.softCap = softCap.map(SoftCap.init)
    let firstPart = Self.firstPart(hasRowWeights)
    self.hasRowWeights = hasRowWeights
    self.choices = choices
    withGradient = !gradients.isEmpty
    rowCapacity = inputs[0].dimensions[0]
    terms = LogitTerm.all(
      inputs, firstPart: firstPart, shareCount: shareCount, weightType: weightType, gradients: gradients)
    parts = inputs[firstPart..<inputs.count - 2 * shareCount].map { $0.dimensions[0] }
    vocabularySize = parts.reduce(0, +)
  }

  /// The outputs of all gradients of weights, one for each part of a divided one.
  private var weightGradients: [Int] {
    terms.flatMap { term in
      term.weightGradient.map { Array($0..<$0 + (term.isDivided ? parts.count : 1)) } ?? []
    }
  }

  /// Rows in a chunk.
  var chunkRows: Int {
    let fitting = Self.targetBytes / (vocabularySize * 4) / Self.rowMultiple * Self.rowMultiple
    return min(rowCapacity, max(fitting, Self.rowMultiple))
  }

  private var logitBytes: Int { SlabLayout.aligned(chunkRows * vocabularySize * 4) }
  private var lossBytes: Int { SlabLayout.aligned(LongSum.parts(rowCapacity) * 4) }

  /// The choices of each term, for chunks and parts of the largest size.
  func planned(traits: KernelTraits) -> [Choices] {
    terms.map { term in
      let sizes = term.sizes(rows: chunkRows, partRows: parts[0])
      return Choices(
        logits: MatmulChoice(sizes.logits, typeOfB: term.type, traits: traits),
        input: MatmulChoice(sizes.input, typeOfB: term.type, traits: traits),
        weight: MatmulChoice(sizes.weight, typeOfB: .float32, traits: traits))
    }
  }

  /// The choices of the products that are computed, term by term; none before the op is planned.
  var made: [MatmulChoice] {
    zip(terms, choices ?? []).flatMap { term, choice in
      [choice.logits] + (term.inputGradient == nil ? [] : [choice.input])
        + (term.weightGradient == nil ? [] : [choice.weight])
    }
  }

  func scratchBytes(traits: KernelTraits?) -> Int {
    guard let traits, let choices else { return 0 }
    let matmul = zip(terms, choices).reduce(0) { most, pair in
      let (term, choice) = pair
      let sizes = term.sizes(rows: chunkRows, partRows: parts[0])
      var bytes = max(most, choice.logits.scratchBytes(sizes.logits, traits: traits))
      if term.inputGradient != nil { bytes = max(bytes, choice.input.scratchBytes(sizes.input, traits: traits)) }
      if term.weightGradient != nil { bytes = max(bytes, choice.weight.scratchBytes(sizes.weight, traits: traits)) }
      return bytes
    }
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
    if rows == 0 {
      for output in weightGradients where !call.accumulates(output) {
        try call.context.fill(call.outputBuffer(output), pattern: 0, byteCount: call.outputShapes[output].count * 4)
      }
    }
    /// The rows of a part within a term's weight, or within its gradient; `first` is its, or its first part's, index.
    func piece(_ part: Int, of term: LogitTerm, _ first: Int, _ buffer: (Int) -> Buffer) throws(DeviceError) -> Buffer {
      if term.isDivided { return buffer(first + part) }
      if parts.count == 1 { return buffer(first) }
      return try buffer(first).window(
        offset: part * parts[0] * term.columns * 4, byteCount: parts[part] * term.columns * 4)
    }
    for first in stride(from: 0, to: rows, by: chunkRows) {
      let count = min(chunkRows, rows - first)
      func window(_ buffer: Buffer, _ width: Int) throws(DeviceError) -> Buffer {
        try buffer.window(offset: first * width * 4, byteCount: count * width * 4)
      }
      let x = try terms.map { term throws(DeviceError) in try window(call.inputBuffer(term.input), term.columns) }
      let losses = try window(call.outputBuffer(1), 1)
      let targets = try window(call.inputBuffer(1), 1)
      var partLogits: [Buffer] = []
      for (part, partRows) in parts.enumerated() {
        let place = part * parts[0] * count * 4
        partLogits.append(try call.scratch.window(offset: place, byteCount: partRows * count * 4))
        for (index, term) in terms.enumerated() {
          try MatmulProduct(
            choice: choices[index].logits, size: term.sizes(rows: count, partRows: partRows).logits,
            c: partLogits[part], a: x[index], b: try piece(part, of: term, term.weight, call.inputBuffer),
            typeOfB: term.type, accumulate: index > 0
          ).enqueue(call, scratch: packed)
        }
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
      for (index, term) in terms.enumerated() {
        for (part, partRows) in parts.enumerated() {
          let sizes = term.sizes(rows: count, partRows: partRows)
          if let output = term.inputGradient {
            try MatmulProduct(
              choice: choices[index].input, size: sizes.input,
              c: try window(call.outputBuffer(output), term.columns), a: partLogits[part],
              b: try piece(part, of: term, term.weight, call.inputBuffer), typeOfB: term.type, accumulate: part > 0
            ).enqueue(call, scratch: packed)
          }
          guard let output = term.weightGradient else { continue }
          try MatmulProduct(
            choice: choices[index].weight, size: sizes.weight,
            c: try piece(part, of: term, output, call.outputBuffer), a: partLogits[part], b: x[index],
            accumulate: first > 0 || call.accumulates(term.isDivided ? output + part : output)
          ).enqueue(call, scratch: packed)
        }
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
    let targets = call.ints(1)
    let rows = call.leading(ofInput: 0)
    // The parts of a divided weight, and of its gradient, are joined here: the CPU has no limit on one allocation.
    let columns = terms[0].columns
    let (firstPart, firstGradient) = (terms[0].weight, terms[0].weightGradient)
    let count = vocabularySize * columns
    let isDivided = parts.count > 1
    let joined = isDivided ? UnsafeMutablePointer<S>.allocate(capacity: count) : nil
    let joinedGradient = isDivided && firstGradient != nil ? UnsafeMutablePointer<S>.allocate(capacity: count) : nil
    defer {
      joined?.deallocate()
      joinedGradient?.deallocate()
    }
    func forEachPart(_ body: (_ part: Int, _ place: Int, _ count: Int) -> Void) {
      for (part, partRows) in parts.enumerated() { body(part, part * parts[0] * columns, partRows * columns) }
    }
    if let joined { forEachPart { (joined + $1).update(from: call.input(firstPart + $0), count: $2) } }
    for output in weightGradients where !call.accumulates(output) {
      call.output(output).update(repeating: 0, count: call.outputShapes[output].count)
    }
    if let joinedGradient, let firstGradient {
      forEachPart { (joinedGradient + $1).update(from: call.output(firstGradient + $0), count: $2) }
    }
    let weights = terms.map { $0.isDivided ? joined ?? call.input($0.weight) : call.input($0.weight) }
    let gradients = terms.map { term in
      term.weightGradient.map { term.isDivided ? joinedGradient ?? call.output($0) : call.output($0) }
    }
    let chunk = max(1, min(rows, 64))
    let logits = UnsafeMutablePointer<S>.allocate(capacity: chunk * vocabularySize)
    defer { logits.deallocate() }
    var total: S = 0
    for first in stride(from: 0, to: rows, by: chunk) {
      let count = min(chunk, rows - first)
      for (index, term) in terms.enumerated() {
        call.matmul(
          term.sizes(rows: count, partRows: vocabularySize).logits, c: logits,
          a: call.input(term.input) + first * term.columns, b: weights[index], accumulate: index > 0)
      }
      call.parallel(count) { row in
        call.output(1)[first + row] = loss(
          logits + row * vocabularySize, target: Int(targets[first + row]),
          weight: hasRowWeights ? call.input(2)[first + row] : 1,
          gradientScale: withGradient ? S(call.scalars.lossScale) : nil)
      }
      for row in first..<first + count { total += call.output(1)[row] }
      guard withGradient else { continue }
      for (index, term) in terms.enumerated() {
        let sizes = term.sizes(rows: count, partRows: vocabularySize)
        if let output = term.inputGradient {
          call.matmul(
            sizes.input, c: call.output(output) + first * term.columns, a: logits, b: weights[index], accumulate: false)
        }
        guard let gradient = gradients[index] else { continue }
        call.matmul(
          sizes.weight, c: gradient, a: logits, b: call.input(term.input) + first * term.columns, accumulate: true)
      }
    }
    if let joinedGradient, let firstGradient {
      forEachPart { call.output(firstGradient + $0).update(from: joinedGradient + $1, count: $2) }
    }
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
