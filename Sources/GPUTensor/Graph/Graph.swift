/// What an output of a node does to the memory it is written to.
package enum WriteMode: Sendable {
  /// `=`
  case overwrite
  /// `+=`: an earlier node of this graph has written the value.
  case accumulate
  /// `=` in a step's first micro-batch and `+=` in those that follow.
  case accumulateAcrossRuns
}

/// A recorded computation: values, and the nodes that make them, in the order in which they run.
///
/// Calling an op on tensors records a node; nothing runs. A plan turns the graph into launches.
package final class Graph {
  /// Where a value's memory comes from.
  package enum Source {
    /// The host sends it before each run.
    case input
    /// It outlives the run.
    case variable(Variable)
    /// A node makes it, in memory that it shares with values that live at other times.
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

  /// The most rows that a run may have.
  package let rowCapacity: Int
  package private(set) var values: [Value] = []
  package private(set) var nodes: [Node] = []
  /// Runs of nodes whose values a backward pass makes anew instead of keeping them.
  private(set) var recomputed: [Range<Int>] = []
  /// Nodes whose values a backward pass makes anew for whichever rule asks for them.
  private(set) var cheap: Set<Int> = []
  private var variableIDs: [ObjectIdentifier: Int] = [:]

  package init(rowCapacity: Int) {
    precondition(rowCapacity > 0, "a graph needs room for a row")
    self.rowCapacity = rowCapacity
  }

  /// A shape whose leading dimension is the number of rows.
  package func rows(_ rest: Int...) -> Shape { Shape([rowCapacity] + rest, scalesWithRows: true) }

  /// A value that the host sends before each run.
  package func input(_ name: String, _ shape: Shape, dtype: DType = .float32) -> Tensor {
    append(Value(name: name, shape: shape, dtype: dtype, source: .input))
  }

  /// The tensor of a variable; asking twice gives the same one.
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

  /// Records an op that writes, or adds to, values that are there.
  package func record(_ operation: any Operation, _ inputs: [Tensor], into outputs: [Tensor], modes: [WriteMode]) {
    precondition((inputs + outputs).allSatisfy { $0.graph === self }, "a tensor of another graph")
    precondition(outputs.count == modes.count, "one write mode for each output")
    nodes.append(
      Node(operation: operation, inputs: inputs.map(\.id), outputs: outputs.map(\.id), modes: modes))
  }

  /// Records what `body` records, and lets a backward pass make its values again: only what enters the stretch, and what
  /// leaves it, is kept from the forward pass.
  ///
  /// Source: arXiv:1604.06174 (Chen et al., sublinear memory cost)
  package func recomputing<Value>(_ body: () -> Value) -> Value {
    let first = nodes.count
    let value = body()
    precondition(recomputed.last.map { $0.upperBound <= first } ?? true, "stretches do not nest")
    recomputed.append(first..<nodes.count)
    return value
  }

  /// Records what `body` records, and lets a backward pass make each value of it again where a rule asks for it, in the
  /// stretch or not: for nodes that cost little beside what their values take, as norms and activations do.
  ///
  /// Source: arXiv:2205.05198 (Korthikanti et al., selective recomputation)
  package func recomputingEach<Value>(_ body: () -> Value) -> Value {
    let first = nodes.count
    let value = body()
    cheap.formUnion(first..<nodes.count)
    return value
  }

  /// Records what `body` records, each node directly behind the last of those before that it must follow: the one that
  /// makes what it reads, or the last that touches what it writes. Memory that waits for it is free the sooner.
  ///
  /// Not within a backward pass, nor before one: what is recorded already moves behind it. Different variables must not
  /// share numbers.
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

  /// Puts another op in a node's place, which makes the same values and more.
  func replaceNode(
    at index: Int, by operation: any Operation, _ inputs: [Tensor], into outputs: [Tensor], modes: [WriteMode]
  ) {
    nodes[index] = Node(operation: operation, inputs: inputs.map(\.id), outputs: outputs.map(\.id), modes: modes)
  }

  /// A new value that some later node will write.
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

/// A value of a graph: a small handle, with its shape and dtype.
package struct Tensor {
  package let graph: Graph
  package let id: Int
  package let shape: Shape
  package let dtype: DType
}

/// Shape and dtype of a value that an op is about to make.
package struct TensorDescription {
  package let shape: Shape
  package let dtype: DType

  package init(_ shape: Shape, _ dtype: DType = .float32) {
    self.shape = shape
    self.dtype = dtype
  }
}
