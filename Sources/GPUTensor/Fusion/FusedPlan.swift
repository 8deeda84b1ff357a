import Kernels

extension Plan {
  /// A plan whose neighbouring nodes are fused where one launch can do them.
  ///
  /// - Parameters:
  ///   - outputs: values that are read after a replay; no later value takes their memory.
  ///   - traits: the device's traits; nil for the CPU fallback.
  ///   - largestBuffer: bytes that one allocation may have.
  package convenience init(
    fusing graph: Graph, outputs: [Tensor], traits: KernelTraits?, largestBuffer: Int = .max
  ) {
    self.init(
      graph, nodes: LaunchFusion.merged(graph.nodes, rows: graph.rowCapacity, traits: traits), outputs: outputs,
      traits: traits, largestBuffer: largestBuffer)
  }

  /// The parts of transformer blocks that a plan of few rows executes node by node, each once with the reason, sorted;
  /// empty in a plan without fused blocks.
  package var unfused: [String] {
    guard nodes.contains(where: { $0.operation is DecodeBlock }) else { return [] }
    return Set(zip(nodes, nodes.dropFirst()).compactMap { DecodeBlock.unfused($0, before: $1) }).sorted()
  }
}

extension Executor {
  /// A plan for this executor.
  package func plan(_ graph: Graph, outputs: [Tensor]) -> Plan {
    Plan(fusing: graph, outputs: outputs, traits: traits, largestBuffer: largestBuffer)
  }
}
