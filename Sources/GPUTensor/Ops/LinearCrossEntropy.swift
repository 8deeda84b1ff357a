import Kernels

/// Token losses of logits x·Wᵀ, which may be capped (`SoftCap`), without ever storing all R×V logits.
///
/// - inputs: x [R, C]; targets [R] (−100: none); where rows are weighted, their weights [R, 1]; W [V, C], or its parts
///   by rows: all parts but the last are equal, with a multiple of 256 rows; u [R, r] and B [V, r] of each share u·Bᵀ
///   that is added to the logits (`LogitShare`).
/// - outputs: the sum of the token losses [1]; each row's loss −ln p(target) times its weight [R, 1], 0 where it has no
///   target or no weight.
///
/// A differentiated graph has `LinearCrossEntropyGradient` in its place, which makes losses and gradients in one pass
/// over the logits. Source: Liger Kernel, arXiv:2410.10989, section 3.2 (chunking).
struct LinearCrossEntropy: Multiplying {
  let name = "cross_entropy"
  /// The type that the weight is stored in; other than float32: a frozen weight.
  let weightType: DType
  let hasRowWeights: Bool
  let shareCount: Int
  let softCap: Float?
  private var planned: [CrossEntropyChunks.Choices]?

  init(weightType: DType = .float32, hasRowWeights: Bool = false, shareCount: Int = 0, softCap: Float? = nil) {
    (self.weightType, self.hasRowWeights) = (weightType, hasRowWeights)
    (self.shareCount, self.softCap) = (shareCount, softCap)
  }

  private func chunks(_ inputs: [Shape]) -> CrossEntropyChunks {
    CrossEntropyChunks(
      inputs, weightType: weightType, hasRowWeights: hasRowWeights, shareCount: shareCount, softCap: softCap,
      choices: planned)
  }

  /// The choices for the logits: of W's product and of each share's.
  var choices: [MatmulChoice] { planned?.map(\.logits) ?? [] }

  func planned(_ shapes: NodeShapes, traits: KernelTraits) -> LinearCrossEntropy {
    var operation = self
    operation.planned = chunks(shapes.inputs).planned(traits: traits)
    return operation
  }

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let firstShare = inputs.count - 2 * shareCount
    let parts = inputs[CrossEntropyChunks.firstPart(hasRowWeights)..<firstShare].map(\.shape)
    let vocabularySize = parts.reduce(0) { $0 + $1.dimensions[0] }
    precondition(
      inputs[firstShare...].enumerated().allSatisfy {
        $1.shape.dimensions[0] == ($0.isMultiple(of: 2) ? inputs[0].shape.dimensions[0] : vocabularySize)
      }, "a share of all logits")
    precondition(!hasRowWeights || inputs[2].shape == inputs[0].shape.withColumns(1), "a weight for each row")
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
    let firstShare = pass.inputCount - 2 * shareCount
    let parts = CrossEntropyChunks.firstPart(hasRowWeights)..<firstShare
    let trainsWeight = pass.needsGradient(parts.lowerBound)
    let terms = [(0, parts.lowerBound)] + stride(from: firstShare, to: pass.inputCount, by: 2).map { ($0, $0 + 1) }
    let gradients = terms.map { input, weight in
      LogitTerm.Gradients(input: pass.needsGradient(input), weight: pass.needsGradient(weight))
    }
    precondition(gradients.contains { $0.input }, "what the logits are made from is trained")
    precondition(!hasRowWeights || !pass.needsGradient(2), "what a row counts is not trained")
    precondition(weightType == .float32 || !trainsWeight, "the gradient of a matrix in \(weightType)")
    precondition(
      parts.allSatisfy { pass.needsGradient($0) == trainsWeight }, "all parts of a weight are trained, or none")
    pass.supersede(
      by: LinearCrossEntropyGradient(
        gradients: gradients, weightType: weightType, hasRowWeights: hasRowWeights, softCap: softCap),
      outputs: 2,
      gradientsOf: LogitTerm.differentiated(
        inputCount: pass.inputCount, firstPart: parts.lowerBound, gradients: gradients))
  }

  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int {
    chunks(call.inputs).scratchBytes(traits: traits)
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    try chunks(call.inputShapes).enqueue(call)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    chunks(call.inputShapes).evaluate(call)
  }
}

/// The losses of `LinearCrossEntropy`, and gradients times the replay's loss scale: of x [R, C] and each u [R, r] (`=`),
/// then of W [V, C], one output for each part, and of each B [V, r] (`=` or `+=`). What is frozen has none.
struct LinearCrossEntropyGradient: Multiplying {
  let name = "cross_entropy"
  /// Those of x·Wᵀ, then of each share.
  let gradients: [LogitTerm.Gradients]
  let weightType: DType
  let hasRowWeights: Bool
  let softCap: Float?
  private let inputGradients: Int
  /// The choices of the products that are computed.
  private(set) var choices: [MatmulChoice] = []
  private var planned: [CrossEntropyChunks.Choices]?

  init(gradients: [LogitTerm.Gradients], weightType: DType, hasRowWeights: Bool, softCap: Float?) {
    (self.gradients, self.weightType) = (gradients, weightType)
    (self.hasRowWeights, self.softCap) = (hasRowWeights, softCap)
    inputGradients = gradients.count { $0.input }
  }

  private func chunks(_ inputs: [Shape]) -> CrossEntropyChunks {
    CrossEntropyChunks(
      inputs, weightType: weightType, hasRowWeights: hasRowWeights, shareCount: gradients.count - 1,
      softCap: softCap, gradients: gradients, choices: planned)
  }

  func planned(_ shapes: NodeShapes, traits: KernelTraits) -> LinearCrossEntropyGradient {
    var operation = self
    operation.planned = chunks(shapes.inputs).planned(traits: traits)
    operation.choices = operation.chunks(shapes.inputs).made
    return operation
  }

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    LinearCrossEntropy(hasRowWeights: hasRowWeights, shareCount: gradients.count - 1).outputs(for: inputs)
      + LogitTerm.differentiated(
        inputCount: inputs.count, firstPart: CrossEntropyChunks.firstPart(hasRowWeights), gradients: gradients
      )
      .map { TensorDescription(inputs[$0].shape) }
  }

  func canAccumulate(output: Int) -> Bool { output >= 2 + inputGradients }

  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int {
    chunks(call.inputs).scratchBytes(traits: traits)
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    try chunks(call.inputShapes).enqueue(call)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    chunks(call.inputShapes).evaluate(call)
  }
}

extension LinearCrossEntropy {
  /// A case with some rows without a target; the hidden rows of the others are selected first.
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
  /// The sum of the token losses of logits self·Wᵀ, [1], and each row's loss, [R, 1].
  ///
  /// - Parameters:
  ///   - weight: W [V, C].
  ///   - targets: int32 [R]; −100: none.
  ///   - rowWeights: factors of the rows' losses, [R, 1]; nil: 1.
  ///   - softCap: cap of the logits, cap · tanh(logit / cap); nil: none.
  package func linearCrossEntropy(
    weight: Tensor, targets: Tensor, rowWeights: Tensor? = nil, softCap: Float? = nil
  ) -> (sum: Tensor, rows: Tensor) {
    linearCrossEntropy(weight: [weight], targets: targets, rowWeights: rowWeights, softCap: softCap)
  }

  /// The same with W divided by rows into parts, and with adapters' shares added to the logits.
  package func linearCrossEntropy(
    weight parts: [Tensor], shares: [LogitShare] = [], targets: Tensor, rowWeights: Tensor? = nil,
    softCap: Float? = nil
  ) -> (sum: Tensor, rows: Tensor) {
    let operation = LinearCrossEntropy(
      weightType: parts[0].dtype, hasRowWeights: rowWeights != nil, shareCount: shares.count, softCap: softCap)
    let outputs = graph.record(
      operation,
      [self, targets] + [rowWeights].compactMap { $0 } + parts + shares.flatMap { [$0.input, $0.weight] })
    return (outputs[0], outputs[1])
  }
}

extension LinearCrossEntropy: CheckedFirst {
  /// Rows with and without a target; both gradients.
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
    let weighted = (sizes == .small ? [5] : [5, 33, 300]).flatMap { rows in
      [[19], [256, 256, 88]].map { parts in
        OperationCase("\(rows) rows that count unlike, V \(parts)", rows: rows) { recorder in
          let x = recorder.parameter(recorder.graph.rows(5))
          let weight = parts.map { recorder.parameter(Shape([$0, 5])) }
          let counts = (0..<recorder.graph.rowCapacity).map { [0.25, 1, 0, 3][$0 % 4] as Float }
          let rowWeights = recorder.parameter(recorder.graph.rows(1), values: counts)
          let targets = recorder.ints((0..<rows).map { $0 % 5 == 1 ? -100 : $0 * 31 % parts.reduce(0, +) })
          let losses = x.linearCrossEntropy(weight: weight, targets: targets, rowWeights: rowWeights)
          recorder.differentiate(loss: losses.sum, by: [x] + weight)
          recorder.compare(losses.rows)
        }
      }
    }
    let withCap = (sizes == .small ? [[19]] : [[3], [257], [1009], [256, 256, 88]]).flatMap { parts in
      [Float(1), 30].flatMap { cap in
        [false, true].map { capped(parts, by: cap, training: $0) }
      }
    }
    // An adapter of the projection beside a frozen one; the second also where the hidden rows are frozen.
    let shared = [[19], [256, 256, 88]].flatMap { parts in
      [true, false].map { trainsHidden in
        OperationCase(
          "7 rows, V \(parts), a trained share and a frozen one\(trainsHidden ? "" : ", frozen rows")", rows: 7
        ) { recorder in
          let count = parts.reduce(0, +)
          let x = recorder.parameter(recorder.graph.rows(5))
          let weight = parts.map { recorder.parameter(Shape([$0, 5])) }
          let (a, b) = (recorder.parameter(Shape([2, 5])), recorder.parameter(Shape([count, 2])))
          let frozen = recorder.parameter(Shape([count, 3]))
          let other = recorder.parameter(Shape([3, 5]))
          let targets = recorder.ints((0..<7).map { $0 == 3 ? -100 : $0 * 31 % count })
          let shares = [LogitShare(input: x.linear(a), weight: b), LogitShare(input: x.linear(other), weight: frozen)]
          let losses = x.linearCrossEntropy(weight: weight, shares: shares, targets: targets)
          recorder.compare(losses.rows)
          recorder.differentiate(loss: losses.sum, by: trainsHidden ? [x, a, b] : [a, b])
        }
      }
    }
    return selections + stored + divided + weighted + withCap + shared
      + shapes.flatMap { rows, columns, vocabulary in
        ["", ", gradient", ", frozen weight"].map { losses(rows, columns, vocabulary, training: $0) }
      }
  }

  /// A case of 9 rows, some without a target or of no weight, whose logits in the parts of a vocabulary are capped.
  private static func capped(_ parts: [Int], by cap: Float, training: Bool) -> OperationCase {
    OperationCase("9 rows, V \(parts), capped by \(cap)\(training ? ", gradient" : "")", rows: 9) { recorder in
      let x = recorder.parameter(recorder.graph.rows(5), in: -2...2)
      let weight = parts.map { recorder.parameter(Shape([$0, 5])) }
      let counts = (0..<recorder.graph.rowCapacity).map { [1, 0.25, 0][$0 % 3] as Float }
      let targets = recorder.ints((0..<9).map { $0 % 5 == 4 ? -100 : $0 * 31 % parts.reduce(0, +) })
      let losses = x.linearCrossEntropy(
        weight: weight, targets: targets,
        rowWeights: training ? recorder.parameter(recorder.graph.rows(1), values: counts) : nil, softCap: cap)
      if training {
        recorder.differentiate(loss: losses.sum, by: [x] + weight)
      } else {
        recorder.compare(losses.sum)
      }
      recorder.compare(losses.rows)
    }
  }

  /// A case in which every fourth row has no target; `training` names the gradients to compare.
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
