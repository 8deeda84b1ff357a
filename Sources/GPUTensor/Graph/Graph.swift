/// The effect of a node's output on the memory that it is written to.
package enum WriteMode: Sendable {
  /// `=`
  case overwrite
  /// `+=`: an earlier node of this graph wrote the value.
  case accumulate
  /// `=` in a step's first micro-batch, `+=` in the later ones.
  case accumulateAcrossRuns
}

/// A recorded computation: values, and the nodes that make them, in execution order.
///
/// Calling an op on tensors records a node; nothing is computed. A plan turns the graph into launches.
package final class Graph {
  /// The origin of a value's memory.
  package enum Source {
    /// Sent by the host before each replay.
    case input
    /// A variable's memory, which outlives a replay.
    case variable(Variable)
    /// Made by a node, in memory shared with values that live at other times.
    case intermediate
  }

  package struct Value {
    package let name: String
    package let shape: Shape
    package let dtype: DType
    package let source: Source
  }

  package struct Node {
    package let operation: any Operation
    package let inputs: [Int]
    package let outputs: [Int]
    package let modes: [WriteMode]
  }

  /// The most rows that a replay may have.
  package let rowCapacity: Int
  package private(set) var values: [Value] = []
  package private(set) var nodes: [Node] = []
  /// Ranges of nodes (recomputed regions) whose values a backward pass computes again instead of keeping them.
  private(set) var recomputed: [Range<Int>] = []
  /// Nodes whose values a backward pass computes again for any rule that reads them.
  private(set) var cheap: Set<Int> = []
  private var variableIDs: [ObjectIdentifier: Int] = [:]

  package init(rowCapacity: Int) {
    precondition(rowCapacity > 0, "a graph needs room for a row")
    self.rowCapacity = rowCapacity
  }

  /// A shape [rows, rest…] whose leading dimension is the replay's rows.
  package func rows(_ rest: Int...) -> Shape { Shape([rowCapacity] + rest, scalesWithRows: true) }

  /// A value that the host sends before each replay.
  package func input(_ name: String, _ shape: Shape, dtype: DType = .float32) -> Tensor {
    append(Value(name: name, shape: shape, dtype: dtype, source: .input))
  }

  /// The tensor of a variable; the same one at each call.
  package func variable(_ variable: Variable) -> Tensor {
    if let id = variableIDs[ObjectIdentifier(variable)] { return tensor(id) }
    let tensor = append(
      Value(name: variable.name, shape: variable.shape, dtype: variable.dtype, source: .variable(variable)))
    variableIDs[ObjectIdentifier(variable)] = tensor.id
    return tensor
  }

  /// Records an op whose outputs are new values.
  package func record(_ operation: any Operation, _ inputs: [Tensor]) -> [Tensor] {
    let descriptions = operation.outputs(for: inputs)
    let outputs = descriptions.map {
      append(Value(name: operation.name, shape: $0.shape, dtype: $0.dtype, source: .intermediate))
    }
    record(operation, inputs, into: outputs, modes: outputs.map { _ in .overwrite })
    return outputs
  }

  /// Records an op that writes, or adds to, existing values.
  package func record(_ operation: any Operation, _ inputs: [Tensor], into outputs: [Tensor], modes: [WriteMode]) {
    precondition((inputs + outputs).allSatisfy { $0.graph === self }, "a tensor of another graph")
    precondition(outputs.count == modes.count, "one write mode for each output")
    nodes.append(
      Node(operation: operation, inputs: inputs.map(\.id), outputs: outputs.map(\.id), modes: modes))
  }

  /// Records `body` as a recomputed region: a backward pass computes its values again, so that the forward pass keeps
  /// only the region's inputs and outputs. Regions do not nest.
  ///
  /// Source: Chen et al., Training deep nets with sublinear memory cost, arXiv:1604.06174.
  package func recomputing<Value>(_ body: () -> Value) -> Value {
    let first = nodes.count
    let value = body()
    precondition(recomputed.last.map { $0.upperBound <= first } ?? true, "stretches do not nest")
    recomputed.append(first..<nodes.count)
    return value
  }

  /// Records `body`, and lets a backward pass compute each of its values again for any rule that reads it, inside a
  /// recomputed region or outside: for nodes that cost little computation and much memory, such as norms and
  /// activations.
  ///
  /// Source: Korthikanti et al., arXiv:2205.05198 (selective recomputation).
  package func recomputingEach<Value>(_ body: () -> Value) -> Value {
    let first = nodes.count
    let value = body()
    cheap.formUnion(first..<nodes.count)
    return value
  }

  /// Records `body`, then moves each of its nodes forward, directly behind the last earlier node that it depends on:
  /// the writer of an input, or the last user of an output. The memory of the values between is free the sooner.
  ///
  /// Must not be called within or before a backward pass: it shifts the positions of recorded nodes. Different
  /// variables must not overlap in memory, since dependencies are found by value.
  package func recordEarly(_ body: () -> Void) {
    let first = nodes.count
    body()
    var lastWrite = [Int](repeating: -1, count: values.count)
    var lastTouch = lastWrite
    func touch(_ node: Node, at place: Int) {
      for id in node.inputs + node.outputs { lastTouch[id] = max(lastTouch[id], place) }
      for id in node.outputs { lastWrite[id] = max(lastWrite[id], place) }
    }
    for (place, node) in nodes[..<first].enumerated() { touch(node, at: place) }
    var following: [Int: [Node]] = [:]
    for node in nodes[first...] {
      let place = (node.inputs.map { lastWrite[$0] } + node.outputs.map { lastTouch[$0] }).max() ?? -1
      touch(node, at: place)
      following[place, default: []].append(node)
    }
    nodes = following[-1, default: []] + nodes[..<first].enumerated().flatMap { [$1] + following[$0, default: []] }
  }

  /// Replaces a node by an op that makes the same values, and may make more.
  func replaceNode(
    at index: Int, by operation: any Operation, _ inputs: [Tensor], into outputs: [Tensor], modes: [WriteMode]
  ) {
    nodes[index] = Node(operation: operation, inputs: inputs.map(\.id), outputs: outputs.map(\.id), modes: modes)
  }

  /// A new value that a later node will write.
  func makeValue(_ name: String, _ shape: Shape, dtype: DType = .float32) -> Tensor {
    append(Value(name: name, shape: shape, dtype: dtype, source: .intermediate))
  }

  package func tensor(_ id: Int) -> Tensor {
    Tensor(graph: self, id: id, shape: values[id].shape, dtype: values[id].dtype)
  }

  private func append(_ value: Value) -> Tensor {
    values.append(value)
    return tensor(values.count - 1)
  }
}

/// A handle to a value of a graph, with its shape and dtype.
package struct Tensor {
  package let graph: Graph
  package let id: Int
  package let shape: Shape
  package let dtype: DType
}

/// The shape and dtype of an op's output.
package struct TensorDescription {
  package let shape: Shape
  package let dtype: DType

  package init(_ shape: Shape, _ dtype: DType = .float32) {
    self.shape = shape
    self.dtype = dtype
  }
}
