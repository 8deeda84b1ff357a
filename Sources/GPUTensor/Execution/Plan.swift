import Kernels

/// A graph made ready to be replayed: its nodes with the choices that hold for every replay, and the memory of each value,
/// which later values use again.
///
/// Peak bytes are exact before anything is allocated. A plan holds for the graph's capacity of rows; each replay gives the
/// actual count.
package final class Plan {
  /// A place in one of the plan's arenas.
  package struct Placement: Sendable, Hashable {
    package let arena: Int
    package let offset: Int
    package let byteCount: Int
  }

  package let graph: Graph
  /// The nodes in the order of a replay, fused where the initialiser was given fused ones, their ops planned for the
  /// device.
  package let nodes: [Graph.Node]
  private let traits: KernelTraits?
  /// The place of each value, by its id; nil for variables and for values that no node touches.
  package let placements: [Placement?]
  /// The scratch memory of each node, by its index; nil where the node needs none.
  package let scratch: [Placement?]
  /// Bytes of each arena.
  package let arenas: [Int]
  /// The slabs that the graph's variables live in, each once.
  package let slabs: [Slab]

  /// - Parameters:
  ///   - nodes: the graph's nodes, fused; nil: as they were recorded.
  ///   - outputs: values that are read after a replay; no later value takes their memory.
  ///   - traits: the device's traits; nil for the CPU fallback.
  ///   - largestBuffer: bytes that one allocation may have; more memory is spread over several arenas.
  package init(
    _ graph: Graph, nodes: [Graph.Node]? = nil, outputs: [Tensor], traits: KernelTraits?, largestBuffer: Int = .max
  ) {
    self.graph = graph
    self.traits = traits
    func shapes(_ node: Graph.Node) -> NodeShapes {
      NodeShapes(
        inputs: node.inputs.map { graph.values[$0].shape }, outputs: node.outputs.map { graph.values[$0].shape })
    }
    let nodes = (nodes ?? graph.nodes).map { node in
      guard let traits else { return node }
      return Graph.Node(
        operation: node.operation.planned(shapes(node), traits: traits), inputs: node.inputs, outputs: node.outputs,
        modes: node.modes)
    }
    self.nodes = nodes
    var requests = Self.lifetimes(of: graph.values, in: nodes, outputs: outputs, traits: traits)
    for (index, node) in nodes.enumerated() {
      let bytes = node.operation.scratchBytes(shapes(node), traits: traits)
      if bytes > 0 { requests.append(Request(owner: .scratch(index), first: index, last: index, byteCount: bytes)) }
    }
    var allocator = ArenaAllocator(largestBuffer: largestBuffer)
    var placements = [Placement?](repeating: nil, count: graph.values.count)
    var scratch = [Placement?](repeating: nil, count: nodes.count)
    for request in requests.sorted(by: { ($0.byteCount, $1.first) > ($1.byteCount, $0.first) }) {
      let placement = allocator.place(first: request.first, last: request.last, byteCount: request.byteCount)
      switch request.owner {
      case .value(let id): placements[id] = placement
      case .scratch(let node): scratch[node] = placement
      }
    }
    self.placements = placements
    self.scratch = scratch
    arenas = allocator.arenas.map(\.byteCount)

    var seen: Set<ObjectIdentifier> = []
    slabs = graph.values.compactMap { value in
      guard case .variable(let variable) = value.source, seen.insert(ObjectIdentifier(variable.slab)).inserted else {
        return nil
      }
      return variable.slab
    }
  }

  /// Bytes of everything that does not outlive a replay.
  package var arenaBytes: Int { arenas.reduce(0, +) }
  /// Bytes of the variables.
  package var variableBytes: Int { Self.variableBytes([self]) }

  /// Bytes of plans that are prepared together: arenas are shared, each slab counts once.
  package static func totalBytes(_ plans: [Plan]) -> Int { arenaBytes(plans) + variableBytes(plans) }

  /// Bytes of the arenas that several plans share.
  package static func arenaBytes(_ plans: [Plan]) -> Int {
    let arenas = (0..<(plans.map(\.arenas.count).max() ?? 0)).map { index in
      plans.compactMap { index < $0.arenas.count ? $0.arenas[index] : nil }.max() ?? 0
    }
    return arenas.reduce(0, +)
  }

  /// Bytes of the slabs of several plans, each once.
  package static func variableBytes(_ plans: [Plan]) -> Int {
    var seen: Set<ObjectIdentifier> = []
    return plans.reduce(0) { sum, plan in
      plan.slabs.filter { seen.insert(ObjectIdentifier($0)).inserted }
        .reduce(sum) { $0 + $1.byteCount(on: plan.traits) }
    }
  }

  private struct Request {
    enum Owner {
      case value(Int)
      case scratch(Int)
    }

    let owner: Owner
    let first: Int
    let last: Int
    let byteCount: Int
  }

  /// The memory request of each value that lives in an arena: from the first node that touches the value to the last; from
  /// before the first node for an input, and to the end for an output.
  private static func lifetimes(
    of values: [Graph.Value], in nodes: [Graph.Node], outputs: [Tensor], traits: KernelTraits?
  ) -> [Request] {
    var first = [Int?](repeating: nil, count: values.count)
    var last = [Int?](repeating: nil, count: values.count)
    for (index, node) in nodes.enumerated() {
      for id in node.inputs + node.outputs {
        if first[id] == nil { first[id] = index }
        last[id] = index
      }
    }
    for output in outputs { last[output.id] = nodes.count }
    return values.indices.compactMap { id in
      let value = values[id]
      guard let end = last[id] else { return nil }
      // The CPU fallback keeps elements of block dtypes as floats.
      let dtype = traits == nil && value.dtype.isBlocks ? .float32 : value.dtype
      let bytes = dtype.byteCount(value.shape.count)
      switch value.source {
      case .variable: return nil
      case .input: return Request(owner: .value(id), first: -1, last: end, byteCount: bytes)
      case .intermediate: return Request(owner: .value(id), first: first[id] ?? 0, last: end, byteCount: bytes)
      }
    }
  }
}
