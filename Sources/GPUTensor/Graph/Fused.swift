import Kernels

/// An op whose neighbouring nodes can share one launch: a launch costs a driver the same however little it does.
protocol Joinable: Operation {
  /// The most nodes of one launch.
  static var mostParts: Int { get }

  /// True where both nodes may share a launch. Callers check that neither node reads or writes the other's outputs.
  func joins(_ other: Self, inputs: [Int], otherInputs: [Int]) -> Bool

  /// Enqueues the nodes: in one launch where a kernel takes them together, else one after the other.
  static func enqueue(_ parts: [(operation: Self, call: DeviceCall)]) throws(DeviceError)
}

extension Joinable {
  func merged(_ own: Graph.Node, with next: Graph.Node) -> Graph.Node? {
    Fused(parts: [self]).merged(own, with: next)
  }
}

/// Adjacent nodes of the same op, fused. Inputs and outputs are the parts', concatenated in order.
struct Fused<Part: Joinable>: Operation {
  let parts: [Part]

  var name: String { parts[0].name }

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let each = inputs.count / parts.count
    return parts.indices.flatMap { parts[$0].outputs(for: Array(inputs[$0 * each..<($0 + 1) * each])) }
  }

  func merged(_ own: Graph.Node, with next: Graph.Node) -> Graph.Node? {
    guard parts.count < Part.mostParts, let other = next.operation as? Part,
      parts[0].joins(other, inputs: Array(own.inputs.prefix(next.inputs.count)), otherInputs: next.inputs),
      Set(own.outputs).isDisjoint(with: next.inputs + next.outputs), Set(own.inputs).isDisjoint(with: next.outputs)
    else { return nil }
    return Graph.Node(
      operation: Fused(parts: parts + [other]), inputs: own.inputs + next.inputs, outputs: own.outputs + next.outputs,
      modes: own.modes + next.modes)
  }

  func planned(_ shapes: NodeShapes, traits: KernelTraits) -> Fused {
    Fused(parts: parts.indices.map { parts[$0].planned(self.shapes(of: $0, in: shapes), traits: traits) })
  }

  func scratchBytes(_ shapes: NodeShapes, traits: KernelTraits?) -> Int {
    // The parts use the same memory one after the other.
    parts.indices.map { parts[$0].scratchBytes(self.shapes(of: $0, in: shapes), traits: traits) }.max() ?? 0
  }

  private func shapes(of part: Int, in node: NodeShapes) -> NodeShapes {
    NodeShapes(
      inputs: Array(node.inputs[share(part, of: node.inputs.count)]),
      outputs: Array(node.outputs[share(part, of: node.outputs.count)]))
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    try Part.enqueue(
      parts.indices.map { index in
        (
          parts[index],
          call.part(
            inputs: share(index, of: call.inputShapes.count), outputs: share(index, of: call.outputShapes.count))
        )
      })
  }

  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    for (index, part) in parts.enumerated() {
      part.evaluate(
        call.part(
          inputs: share(index, of: call.inputShapes.count), outputs: share(index, of: call.outputShapes.count)))
    }
  }

  /// A part's share of `count` inputs or outputs.
  private func share(_ index: Int, of count: Int) -> Range<Int> {
    let each = count / parts.count
    return index * each..<(index + 1) * each
  }
}
