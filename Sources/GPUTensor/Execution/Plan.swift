import Kernels

/// A graph made ready to run: which memory each value takes, and when it is free again.
///
/// Peak bytes are exact before anything is allocated. A plan holds for the graph's capacity of rows; each run says how
/// many there are.
package final class Plan {
  /// A place in one of the plan's arenas.
  package struct Placement: Sendable, Hashable {
    package let arena: Int
    package let offset: Int
    package let byteCount: Int
  }

  package let graph: Graph
  /// The graph's nodes as they run: neighbours that one launch can do are one.
  package let nodes: [Graph.Node]
  private let traits: KernelTraits?
  /// For each value of the graph; nil for variables and for values that nothing uses.
  package let placements: [Placement?]
  /// For each node that needs memory while it runs.
  package let scratch: [Placement?]
  /// Bytes of each arena.
  package let arenas: [Int]
  /// The slabs that the graph's variables live in, each once.
  package let slabs: [Slab]

  /// - Parameters:
  ///   - nodes: the graph's, as they are to run; nil: as they were recorded.
  ///   - outputs: values that are read after a run, and so keep their memory to its end.
  ///   - traits: of the device; nil for the CPU fallback.
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

  /// Bytes of everything that does not outlive a run.
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

  /// The first node that writes and the last that touches each value that lives in an arena.
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
      // The CPU fallback keeps an element of a block as any other.
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
