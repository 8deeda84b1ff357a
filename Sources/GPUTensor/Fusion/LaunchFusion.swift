import Kernels

/// Fuses neighbouring nodes into one where their ops know how, so that a replay needs fewer launches.
///
/// Gradients are recorded before, node by node. So ops are written apart, and a model reads as its block diagram.
enum LaunchFusion {
  /// The nodes in their order, with neighbours fused where their ops know how.
  ///
  /// - Parameters:
  ///   - rows: the plan's capacity; with few, whole parts of a transformer's block become one node (`DecodeBlock`).
  ///   - traits: the device's traits; nil for the CPU fallback, which has no launches.
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
