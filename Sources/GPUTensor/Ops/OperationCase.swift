/// An op that says on which inputs it is to be checked: in tests, and by `accrete doctor` on any machine.
package protocol Checked: SendableMetatype {
  /// The stem that the op has in every place.
  static var stem: String { get }
  static func cases(_ sizes: CheckSizes) -> [OperationCase]
}

/// An op of which some cases are compared before a device is trusted.
package protocol CheckedFirst: Checked {
  /// Few cases of odd sizes, which take as good as no time and compile what a model needs anyway.
  static var firstCases: [OperationCase] { get }
}

/// How thorough a check is.
package enum CheckSizes: Sendable {
  /// Around 1, primes and one below and above a tile: what a slow race detector can run.
  case small
  /// Also the sizes of real models.
  case full

  /// Vector lengths around those of registers and work-groups.
  var lengths: [Int] { self == .small ? [1, 7, 17] : [1, 7, 15, 16, 17, 127, 129, 257, 576] }
  /// Row counts around those of tiles.
  var rows: [Int] { self == .small ? [1, 5] : [1, 5, 31, 33, 65] }
}

/// One input on which an op is checked: how to record it, and what to compare.
package struct OperationCase: Sendable {
  package let name: String
  /// Rows in use, and rows that the plan is made for.
  package let rows: Int
  package let rowCapacity: Int
  package let record: @Sendable (CaseRecorder) -> Void

  init(_ name: String, rows: Int, rowCapacity: Int? = nil, record: @escaping @Sendable (CaseRecorder) -> Void) {
    self.name = name
    self.rows = rows
    self.rowCapacity = rowCapacity ?? rows + 3
    self.record = record
  }
}

/// Records a case's graph: parameters with seeded values, integer inputs, and the values to compare.
package final class CaseRecorder {
  package let graph: Graph
  package let rows: Int
  private var random = SplitMix64(seed: 17)
  package private(set) var parameters: [(variable: Variable, values: [Float])] = []
  /// Matrices that no gradient is asked of, as they are stored.
  package private(set) var frozen: [(variable: Variable, bytes: [UInt8])] = []
  package private(set) var inputs: [(tensor: Tensor, data: HostData)] = []
  package private(set) var outputs: [Tensor] = []
  /// Rows with a target; all, unless the case says otherwise.
  package private(set) var targets: Int
  package private(set) var scalars = ReplayScalars()
  /// What finite differences vary, and the sum of outputs times seeds whose gradient they measure.
  package private(set) var differentiated: [(parameter: Variable, gradient: Tensor)] = []
  package private(set) var objective: Tensor?

  init(_ operationCase: OperationCase) {
    graph = Graph(rowCapacity: operationCase.rowCapacity)
    rows = operationCase.rows
    targets = rows
  }

  package var counts: RowCounts { RowCounts(rows: rows, targets: targets) }

  func setTargets(_ count: Int) {
    targets = count
  }

  /// A parameter of uniform values in −1 ..< 1, or in `range`.
  func parameter(_ shape: Shape, in range: ClosedRange<Float> = -1...1, dtype: DType = .float32) -> Tensor {
    parameter(shape, values: (0..<shape.count).map { _ in Float.random(in: range, using: &random) }, dtype: dtype)
  }

  func parameter(_ shape: Shape, values: [Float], dtype: DType = .float32) -> Tensor {
    let variable = Variable(name: "parameter \(parameters.count)", shape: shape, dtype: dtype)
    parameters.append((variable, values))
    return graph.variable(variable)
  }

  /// A matrix of any dtype, with numbers about as large as a parameter's.
  func frozen(_ shape: Shape, dtype: DType) -> Tensor {
    let variable = Variable(name: "frozen \(frozen.count)", shape: shape, dtype: dtype)
    var bytes: [UInt8]
    switch dtype {
    case .q8_0, .q4_0, .q4_1:
      // Any bytes are blocks, with a half first in each (in Q4_1 two): between 2⁻⁸ and 2⁻⁷ for Q8_0, 2⁻⁴ and 2⁻³ else.
      bytes = (0..<dtype.byteCount(shape.count)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let block = dtype.byteCount(dtype.blockElements)
      for start in stride(from: 0, to: bytes.count, by: block) {
        bytes[start + 1] = dtype == .q8_0 ? 0x1C : 0x2C
        if dtype == .q4_1 { bytes[start + 3] = 0xB4 }
      }
    default:
      let values = (0..<shape.count).map { _ in Float.random(in: -1...1, using: &random) }
      bytes = values.withUnsafeBufferPointer(dtype.encode)
    }
    frozen.append((variable, bytes))
    return graph.variable(variable)
  }

  /// Integers that the host sends, one for each row.
  func ints(_ values: [Int]) -> Tensor {
    precondition(values.count == rows, "one value a row")
    let padded = values + [Int](repeating: 0, count: graph.rowCapacity - rows)
    return ints(graph.rows(), values: padded)
  }

  func ints(_ shape: Shape, values: [Int]) -> Tensor {
    let tensor = graph.input("ints", shape, dtype: .int32)
    inputs.append((tensor, .ints(values.map(Int32.init))))
    return tensor
  }

  /// Compares a value between devices.
  func compare(_ tensor: Tensor) {
    outputs.append(tensor)
  }

  /// Compares an output and the gradients of Σ output · seed by the given parameters.
  func differentiate(_ output: Tensor, by tensors: [Tensor]) {
    let seed = parameter(output.shape)
    let objective = (output * seed).sum()
    self.objective = objective
    let gradients = graph.gradients(of: output, with: tensors, seed: seed)
    outputs += [output, objective] + gradients
    remember(gradients, of: tensors)
  }

  /// Compares a loss and its gradients.
  func differentiate(loss: Tensor, by tensors: [Tensor]) {
    objective = loss
    let gradients = graph.gradients(of: loss, with: tensors)
    outputs += [loss] + gradients
    remember(gradients, of: tensors)
  }

  func set(_ change: (inout ReplayScalars) -> Void) {
    change(&scalars)
  }

  private func remember(_ gradients: [Tensor], of tensors: [Tensor]) {
    for (tensor, gradient) in zip(tensors, gradients) {
      guard case .variable(let variable) = graph.values[tensor.id].source else { continue }
      differentiated.append((variable, gradient))
    }
  }
}
