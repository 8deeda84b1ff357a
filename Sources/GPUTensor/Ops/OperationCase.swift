/// An op with its own list of cases, checked by the tests and by `accrete doctor`.
package protocol Checked: SendableMetatype {
  /// The stem of the op's files and names.
  static var stem: String { get }
  static func cases(_ sizes: CheckSizes) -> [OperationCase]
}

/// An op with cases that are compared before a device is trusted.
package protocol CheckedFirst: Checked {
  /// Few cases of odd sizes, quick to run, whose kernels a model needs anyway.
  static var firstCases: [OperationCase] { get }
}

/// The thoroughness of a check.
package enum CheckSizes: Sendable {
  /// Sizes of 1, primes, and around a small tile: feasible for a slow race detector.
  case small
  /// Also the sizes of real models.
  case full

  /// Vector lengths around the widths of registers and work-groups.
  var lengths: [Int] { self == .small ? [1, 7, 17] : [1, 7, 15, 16, 17, 127, 129, 257, 576] }
  /// Row counts around the sizes of tiles.
  var rows: [Int] { self == .small ? [1, 5] : [1, 5, 31, 33, 65] }
}

/// One input on which an op is checked: records the graph and names the values to compare.
package struct OperationCase: Sendable {
  package let name: String
  /// Rows of the replay, and the capacity of its plan.
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

/// Records a case's graph, with seeded parameters, integer inputs, and values to compare.
package final class CaseRecorder {
  package let graph: Graph
  package let rows: Int
  private var random = SplitMix64(seed: 17)
  package private(set) var parameters: [(variable: Variable, values: [Float])] = []
  /// Matrices without a gradient, as stored bytes.
  package private(set) var frozen: [(variable: Variable, bytes: [UInt8])] = []
  package private(set) var inputs: [(tensor: Tensor, data: HostData)] = []
  package private(set) var outputs: [Tensor] = []
  /// Rows with a target; all rows by default.
  package private(set) var targets: Int
  package private(set) var scalars = ReplayScalars()
  /// The parameters that finite differences vary with their recorded gradients; and the scalar that is differentiated,
  /// Σ output · seed or a loss.
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

  /// A parameter with uniform values in −1 … 1, or in `range`.
  func parameter(_ shape: Shape, in range: ClosedRange<Float> = -1...1, dtype: DType = .float32) -> Tensor {
    parameter(shape, values: (0..<shape.count).map { _ in Float.random(in: range, using: &random) }, dtype: dtype)
  }

  func parameter(_ shape: Shape, values: [Float], dtype: DType = .float32) -> Tensor {
    let variable = Variable(name: "parameter \(parameters.count)", shape: shape, dtype: dtype)
    parameters.append((variable, values))
    return graph.variable(variable)
  }

  /// A frozen matrix of any weight dtype, with numbers about as large as a parameter's.
  func frozen(_ shape: Shape, dtype: DType) -> Tensor {
    let variable = Variable(name: "frozen \(frozen.count)", shape: shape, dtype: dtype)
    var bytes: [UInt8]
    switch dtype {
    case .q8_0, .q4_0, .q4_1:
      // Any bytes form valid blocks but for their halves: d is set to 2⁻⁸ … 2⁻⁷ in Q8_0 and to 2⁻⁴ … 2⁻³ in the others,
      // Q4_1's m to −2⁻¹ … −2⁻².
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

  /// An integer input, one value for each row.
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

  /// Adds a value to those compared between executors.
  func compare(_ tensor: Tensor) {
    outputs.append(tensor)
  }

  /// Compares an output, and the gradients of Σ output · seed with respect to the tensors.
  func differentiate(_ output: Tensor, by tensors: [Tensor]) {
    let seed = parameter(output.shape)
    let objective = (output * seed).sum()
    self.objective = objective
    let gradients = graph.gradients(of: output, with: tensors, seed: seed)
    outputs += [output, objective] + gradients
    remember(gradients, of: tensors)
  }

  /// Compares a loss, and its gradients with respect to the tensors.
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
