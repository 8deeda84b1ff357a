import Kernels

/// Fewer nodes for the same values: where an op can take its neighbour's work with its own, one node does both.
///
/// Gradients are recorded before, node by node; so ops are written apart, and a model reads as its block diagram.
enum LaunchFusion {
  /// The nodes in their order, neighbours merged where their ops know how.
  ///
  /// - Parameters:
  ///   - rows: the most that a run has: with few, whole parts of a transformer's block are one node.
  ///   - traits: of the device; nil for the CPU fallback, which has no launches.
  static func merged(_ nodes: [Graph.Node], rows: Int, traits: KernelTraits?) -> [Graph.Node] {
    let pairs = merged(nodes)
    guard MatmulChoice.runsDecodeBlocks(rows: rows, traits: traits) else { return pairs }
    var result: [Graph.Node] = []
    var rest = pairs[...]
    while let first = rest.first {
      let block = DecodeBlock.beginning(rest)
      result.append(block?.node ?? first)
      rest.removeFirst(block?.count ?? 1)
    }
    return result
  }

  private static func merged(_ nodes: [Graph.Node]) -> [Graph.Node] {
    var result: [Graph.Node] = []
    result.reserveCapacity(nodes.count)
    for node in nodes {
      if let last = result.last, let both = last.operation.merged(last, with: node) {
        result[result.count - 1] = both
      } else {
        result.append(node)
      }
    }
    return result
  }
}
