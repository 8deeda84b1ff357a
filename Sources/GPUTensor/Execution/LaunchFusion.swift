/// Fewer nodes for the same values: where an op can take its neighbour's work with its own, one node does both.
///
/// Gradients are recorded before, node by node; so ops are written apart, and a model reads as its block diagram.
enum LaunchFusion {
  /// The nodes in their order, neighbours merged where their ops know how.
  static func merged(_ nodes: [Graph.Node]) -> [Graph.Node] {
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
