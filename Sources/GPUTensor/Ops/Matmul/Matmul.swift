import Kernels

/// C = op(A)·op(B), of two matrices or of two batches of matrices.
///
/// - inputs: A [M, K], or [K, M] transposed; B [K, N], or [N, K] transposed; both may have a leading batch dimension.
///   A is float32; a frozen B may have another dtype, and the kernel widens it as it reads it.
struct Matmul: Joinable, Multiplying {
  let name = "matmul"
  let transposeA: Bool
  let transposeB: Bool
  let typeOfB: DType
  /// The way to multiply on the plan's device; nil before the op is planned, and on the CPU fallback.
  private var choice: MatmulChoice?

  /// - Parameter typeOfB: the type that B is stored in; any but float32 means a frozen weight.
  init(transposeA: Bool, transposeB: Bool, typeOfB: DType = .float32) {
    (self.transposeA, self.transposeB, self.typeOfB) = (transposeA, transposeB, typeOfB)
  }

  /// The choice of the plan that holds this op.
  var plannedChoice: MatmulChoice {
    guard let choice else { preconditionFailure("a product is planned before it is enqueued") }
    return choice
  }

  var choices: [MatmulChoice] { [plannedChoice] }

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    precondition(inputs[0].dtype == .float32 && inputs[1].dtype == typeOfB, "matmul: \(inputs.map(\.dtype))")
    let size = MatmulSize(inputs[0].shape, inputs[1].shape, transposeA: transposeA, transposeB: transposeB)
    let dimensions = size.isBatched ? [size.batch, size.m, size.n] : [size.m, size.n]
    let keepsRows = size.isBatched || !transposeA
    return [TensorDescription(Shape(dimensions, extent: keepsRows ? inputs[0].shape.extent : .fixed))]
  }

  func canAccumulate(output: Int) -> Bool { true }

  func backward(_ pass: BackwardPass) {
    let dc = pass.gradient()
    precondition(typeOfB == .float32 || !pass.needsGradient(1), "the gradient of a matrix in \(typeOfB)")
    // An operand is read only where a gradient needs it: reading may record its recomputation.
    if pass.needsGradient(1) {
      let a = pass.input(0)
      if transposeB {
        pass.contribute(to: 1, Matmul(transposeA: true, transposeB: transposeA), [dc, a])
      } else {
        pass.contribute(to: 1, Matmul(transposeA: !transposeA, transposeB: false), [a, dc])
      }
    }
    if pass.needsGradient(0) {
      let b = pass.input(1)
      if transposeA {
        precondition(typeOfB == .float32, "a transposed product by a matrix in \(typeOfB)")
        pass.contribute(to: 0, Matmul(transposeA: transposeB, transposeB: true), [b, dc])
      } else {
        pass.contribute(to: 0, Matmul(transposeA: false, transposeB: !transposeB, typeOfB: typeOfB), [dc, b])
      }
    }
  }

  func planned(_ shapes: NodeShapes, traits: KernelTraits) -> Matmul {
    var planned = self
    let size = MatmulSize(shapes.inputs[0], shapes.inputs[1], transposeA: transposeA, transposeB: transposeB)
    planned.choice = MatmulChoice(
      size, typeOfB: typeOfB, hasFixedRows: shapes.outputs[0].extent == .fixed, traits: traits)
    return planned
  }

  func scratchBytes(_ shapes: NodeShapes, traits: KernelTraits?) -> Int {
    guard let choice, let traits else { return 0 }
    let size = MatmulSize(shapes.inputs[0], shapes.inputs[1], transposeA: transposeA, transposeB: transposeB)
    return choice.scratchBytes(size, traits: traits)
  }

  private func product(of call: DeviceCall) -> MatmulProduct {
    let size = MatmulSize(
      call.inputShapes[0], call.inputShapes[1], transposeA: transposeA, transposeB: transposeB, counts: call.counts)
    return MatmulProduct(
      choice: plannedChoice, size: size, c: call.outputBuffer(0), a: call.inputBuffer(0), b: call.inputBuffer(1),
      typeOfB: typeOfB,
      accumulate: call.accumulates(0))
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    try product(of: call).enqueue(call)
  }

  /// The most products of one fused node: those of queries, keys and values.
  static let mostParts = FewRowsOnCPU.mostProducts

  func joins(_ other: Matmul, inputs: [Int], otherInputs: [Int]) -> Bool {
    inputs[0] == otherInputs[0] && !transposeA && transposeB && !other.transposeA && other.transposeB
      && typeOfB == other.typeOfB
  }

  static func enqueue(_ parts: [(operation: Matmul, call: DeviceCall)]) throws(DeviceError) {
    let products = parts.map { $0.operation.product(of: $0.call) }
    if MatmulProduct.areFewRowsOnCPU(products) { return try FewRowsOnCPU.enqueue(products, parts[0].call) }
    for (product, part) in zip(products, parts) { try product.enqueue(part.call) }
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let size = MatmulSize(
      call.inputShapes[0], call.inputShapes[1], transposeA: transposeA, transposeB: transposeB, counts: call.counts)
    for item in 0..<size.batch {
      call.matmul(
        size, c: call.output(0) + item * size.m * size.n, a: call.input(0) + item * size.m * size.k,
        b: call.input(1) + item * size.k * size.n, accumulate: call.accumulates(0))
    }
  }
}

extension HostCall {
  /// Computes C (= or +=) op(A)·op(B) with plain loops, rounding the operands to the executor's type; each sum takes the
  /// depths in order, in parts of 96.
  func matmul(
    _ size: MatmulSize, c: UnsafeMutablePointer<S>, a: UnsafeMutablePointer<S>, b: UnsafeMutablePointer<S>,
    accumulate: Bool
  ) {
    let (m, n, k) = (size.m, size.n, size.k)
    let (transposeA, transposeB) = (size.transposeA, size.transposeB)
    let (aRow, aStep) = transposeA ? (1, m) : (k, 1)
    let rounds = operands == .bfloat16
    // Columns are taken in blocks, so that a block of B stays in the cache for all rows of C.
    let block = 256
    // Each part of the depths is summed alone: in one long sum each product would be rounded against all before it.
    let partDepth = 96
    parallel((n + block - 1) / block) { index in
      let first = index * block
      let width = min(block, n - first)
      let panel = UnsafeMutablePointer<S>.allocate(capacity: width * (k + 1))
      defer { panel.deallocate() }
      let part = panel + width * k
      for depth in 0..<k {
        for column in 0..<width {
          let value = transposeB ? b[(first + column) * k + depth] : b[depth * n + first + column]
          panel[depth * width + column] = rounds ? S(Cast.rounded(Float(value))) : value
        }
      }
      for row in 0..<m {
        let target = c + row * n + first
        if !accumulate { target.update(repeating: 0, count: width) }
        for begin in stride(from: 0, to: k, by: partDepth) {
          part.update(repeating: 0, count: width)
          for depth in begin..<min(begin + partDepth, k) {
            let value = a[row * aRow + depth * aStep]
            let factor = rounds ? S(Cast.rounded(Float(value))) : value
            let source = panel + depth * width
            for column in 0..<width { part[column] += factor * source[column] }
          }
          for column in 0..<width { target[column] += part[column] }
        }
      }
    }
  }
}

extension Tensor {
  /// op(self)·op(other).
  package func matmul(_ other: Tensor, transposeSelf: Bool = false, transposeOther: Bool = false) -> Tensor {
    let operation = Matmul(transposeA: transposeSelf, transposeB: transposeOther, typeOfB: other.dtype)
    return graph.record(operation, [self, other])[0]
  }

  /// target += self·other, in the target's memory.
  package func addProduct(with other: Tensor, to target: Tensor) {
    graph.record(Matmul(transposeA: false, transposeB: false), [self, other], into: [target], modes: [.accumulate])
  }

  /// x·Wᵀ of x [R, K] and a weight W [N, K], as Hugging Face stores a linear layer.
  package func linear(_ weight: Tensor) -> Tensor { matmul(weight, transposeOther: true) }
}

extension Matmul: Checked {
  package static let stem = "matmul"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    let shapes =
      sizes == .small
      ? [(1, 1, 1), (13, 33, 5), (3, 2, 17), (5, 3, 530)]
      : [
        (1, 1, 1), (2, 3, 5), (11, 31, 7), (12, 32, 16), (13, 33, 17), (63, 64, 65), (65, 63, 31), (97, 101, 103),
        (8, 129, 64), (9, 48, 577), (1, 300, 64), (192, 20, 700), (128, 96, 64),
      ]
    let transposes = [(false, false), (false, true), (true, false), (true, true)]
    let plain = shapes.flatMap { m, n, k in
      transposes.map { first, second in layer(m, n, k, transposeA: first, transposeB: second) }
    }
    let batched = OperationCase("3 of 13x17x9", rows: 1) { recorder in
      let (a, b) = (recorder.parameter(Shape([3, 13, 9])), recorder.parameter(Shape([3, 17, 9])))
      recorder.differentiate(a.matmul(b, transposeOther: true), by: [a, b])
    }
    let partial = OperationCase("21 of 40 rows", rows: 21, rowCapacity: 40) { recorder in
      let x = recorder.parameter(recorder.graph.rows(35))
      let weight = recorder.parameter(Shape([37, 35]))
      recorder.differentiate(x.linear(weight), by: [x, weight])
    }
    // A layer's queries, keys and values: on CPU devices up to 8 rows go in one launch, 9 rows do not.
    let joined = (sizes == .small ? [1, 9] : [1, 7, 8, 9]).flatMap { rows in
      [DType.float32, .bfloat16, .q4_1].map { layers(rows: rows, $0) }
    }
    let stored = (DType.allCases.filter { $0 != .float32 && $0.isOfWeights }).flatMap { dtype in
      // By rows: so few that the weight is read in place; more; so few that X is packed; blocks that cross rows.
      let shapes =
        sizes == .small ? [(3, 2, 96), (12, 52, 64)] : [(1, 33, 576), (97, 49, 576), (20, 250, 640), (30, 64, 36)]
      return shapes.map { rows, width, depth in
        OperationCase("\(rows)x\(width)x\(depth), \(dtype.rawValue)", rows: rows) { recorder in
          let x = recorder.parameter(recorder.graph.rows(depth))
          recorder.differentiate(x.linear(recorder.frozen(Shape([width, depth]), dtype: dtype)), by: [x])
        }
      }
    }
    // Wide and deep enough that the panel family packs B in two parts.
    let parts = OperationCase("1300x3700x577 Bᵀ", rows: 1) { recorder in
      let (a, b) = (recorder.parameter(Shape([1300, 577])), recorder.parameter(Shape([3700, 577])))
      recorder.compare(a.matmul(b, transposeOther: true))
    }
    return plain + stored + joined + [batched, partial] + (sizes == .small ? [] : [parts])
  }

  /// A product recorded twice from the same operands, so that the second one's gradients are added to the first's.
  private static func layer(_ m: Int, _ n: Int, _ k: Int, transposeA: Bool, transposeB: Bool) -> OperationCase {
    OperationCase("\(m)x\(n)x\(k)\(transposeA ? " Aᵀ" : "")\(transposeB ? " Bᵀ" : "")", rows: 1) { recorder in
      let a = recorder.parameter(Shape(transposeA ? [k, m] : [m, k]))
      let b = recorder.parameter(Shape(transposeB ? [n, k] : [k, n]))
      let c = a.matmul(b, transposeSelf: transposeA, transposeOther: transposeB)
      let again = a.matmul(b, transposeSelf: transposeA, transposeOther: transposeB)
      recorder.differentiate(c + again.scaled(by: 2), by: [a, b])
    }
  }

  /// Products of the same rows by three weights.
  private static func layers(rows: Int, _ dtype: DType) -> OperationCase {
    OperationCase("\(rows) rows by 37, 16 and 5 columns, \(dtype.rawValue)", rows: rows) { recorder in
      let x = recorder.parameter(recorder.graph.rows(96))
      let weights = [37, 16, 5].map { columns in
        dtype == .float32
          ? recorder.parameter(Shape([columns, 96])) : recorder.frozen(Shape([columns, 96]), dtype: dtype)
      }
      for product in weights.map(x.linear) { recorder.compare(product) }
    }
  }
}

extension Matmul: CheckedFirst {
  /// A linear layer with both gradients, one depth more than a panel's block (576) and no whole tiles; and three products
  /// of three rows.
  package static var firstCases: [OperationCase] {
    [layer(53, 67, 577, transposeA: false, transposeB: true), layers(rows: 3, .float32)]
  }
}
