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
}

extension Executor {
  /// A plan for this executor.
  package func plan(_ graph: Graph, outputs: [Tensor]) -> Plan {
    Plan(fusing: graph, outputs: outputs, traits: traits, largestBuffer: largestBuffer)
  }
}
