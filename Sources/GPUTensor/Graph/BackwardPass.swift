/// The state of one backward pass: the values that need a gradient, and the gradients made so far.
package final class BackwardPass {
  let graph: Graph
  private(set) var gradients: [Int: Tensor] = [:]
  private let addition: any Operation
  private let copy: any Operation
  private var root: Int?
  private var needed: Set<Int>
  private let persistent: [Int: Tensor]
  private var producer: [Int: Int] = [:]
  private var owners: [Int: Set<Int>] = [:]
  private var current = 0
  /// The recomputed region the pass is in, and the values recomputed there so far, by the id of the original.
  private var stretch: Range<Int>?
  private var repeated: [Int: Tensor] = [:]

  /// - Parameters:
  ///   - parameters: the tensors to differentiate with respect to.
  ///   - gradients: the tensors that receive each parameter's gradient; nil: new values.
  ///   - addition: an op that adds its input to its output.
  ///   - copy: an op that copies its input to its output.
  init(
    graph: Graph, parameters: [Tensor], gradients: [Tensor]?, adding addition: any Operation,
    copying copy: any Operation
  ) {
    self.graph = graph
    self.addition = addition
    self.copy = copy
    needed = Set(parameters.map(\.id))
    var persistent: [Int: Tensor] = [:]
    for (parameter, gradient) in zip(parameters, gradients ?? []) { persistent[parameter.id] = gradient }
    self.persistent = persistent
    for (index, node) in graph.nodes.enumerated() {
      for output in node.outputs { producer[output] = index }
      // A value needs a gradient where any input of its node does.
      if node.inputs.contains(where: needed.contains) { needed.formUnion(node.outputs) }
    }
  }

  func start(_ loss: Tensor) {
    root = loss.id
  }

  func start(_ loss: Tensor, seed: Tensor) {
    gradients[loss.id] = seed
    owners[seed.id] = [seed.id, loss.id]
  }

  func run() {
    var stretches = graph.recomputed
    for index in graph.nodes.indices.reversed() {
      if let last = stretches.last, index < last.lowerBound { stretches.removeLast() }
      let here = stretches.last.flatMap { $0.contains(index) ? $0 : nil }
      if here != stretch { (stretch, repeated) = (here, [:]) }
      let node = graph.nodes[index]
      let reached = node.outputs.contains { gradients[$0] != nil || $0 == root }
      guard reached, node.inputs.contains(where: needed.contains) else { continue }
      current = index
      node.operation.backward(self)
    }
  }

  // MARK: - Reads of a backward rule

  private var node: Graph.Node { graph.nodes[current] }

  package var inputCount: Int { node.inputs.count }
  /// The inputs and outputs of the node in the pass, recomputed where the graph says so.
  package func input(_ index: Int) -> Tensor { tensor(node.inputs[index]) }
  package func output(_ index: Int) -> Tensor { tensor(node.outputs[index]) }

  /// A value for a backward rule: kept from the forward pass, or recorded again (recomputed) from kept values.
  private func tensor(_ id: Int) -> Tensor {
    guard let index = producer[id], graph.cheap.contains(index) || stretch?.contains(index) == true else {
      return graph.tensor(id)
    }
    if let value = repeated[id] { return value }
    let node = graph.nodes[index]
    let outputs = graph.record(node.operation, node.inputs.map(tensor))
    for (old, new) in zip(node.outputs, outputs) { repeated[old] = new }
    return outputs[node.outputs.firstIndex(of: id) ?? 0]
  }

  /// The gradient of the loss with respect to an output.
  package func gradient(ofOutput index: Int = 0) -> Tensor {
    guard let gradient = gradients[node.outputs[index]] else {
      preconditionFailure("output \(index) of \(node.operation.name) is not used by the loss")
    }
    return gradient
  }

  /// True where the loss depends on a parameter through this input.
  package func needsGradient(_ index: Int) -> Bool { needed.contains(node.inputs[index]) }

  /// True where this output is the loss itself: its gradient is 1.
  package func isRoot(_ index: Int = 0) -> Bool { node.outputs[index] == root }

  // MARK: - Contributions of a backward rule

  /// Records an op whose output becomes, or is added to, the gradient of an input.
  package func contribute(to index: Int, _ operation: any Operation, _ inputs: [Tensor]) {
    contribute(to: [index], operation, inputs)
  }

  /// Records an op whose outputs become, or are added to, the gradients of several inputs.
  package func contribute(to indices: [Int], _ operation: any Operation, _ inputs: [Tensor]) {
    let descriptions = operation.outputs(for: inputs)
    var outputs: [Tensor] = []
    var modes: [WriteMode] = []
    var sums: [(target: Tensor, term: Tensor)] = []
    for (position, index) in indices.enumerated() {
      let value = node.inputs[index]
      let target = gradientTarget(of: value, description: descriptions[position])
      if target.mode == .overwrite || operation.canAccumulate(output: position) {
        outputs.append(target.tensor)
        modes.append(target.mode)
      } else {
        let term = graph.makeValue("term", descriptions[position].shape)
        outputs.append(term)
        modes.append(.overwrite)
        sums.append((target.tensor, term))
        precondition(target.mode == .accumulate, "\(operation.name) cannot add to a parameter's gradient")
      }
    }
    graph.record(operation, inputs, into: outputs, modes: modes)
    for sum in sums {
      graph.record(addition, [sum.term], into: [sum.target], modes: [.accumulate])
    }
  }

  /// Passes an output's gradient on to an input unchanged, without a copy where possible.
  package func pass(to index: Int) {
    let value = node.inputs[index]
    let gradient = gradient()
    if gradients[value] != nil || persistent[value] != nil {
      return contribute(to: index, copy, [gradient])
    }
    gradients[value] = gradient
    owners[gradient.id, default: []].insert(value)
  }

  /// Replaces the node by an op that computes its outputs and the gradients of its inputs together.
  ///
  /// - Parameters:
  ///   - keep: the number of the node's first outputs that the op makes too.
  ///   - indices: the inputs whose gradients follow these outputs.
  package func supersede(by operation: any Operation, outputs keep: Int, gradientsOf indices: [Int]) {
    let inputs = node.inputs.map(graph.tensor)
    let descriptions = operation.outputs(for: inputs)
    var outputs = node.outputs.prefix(keep).map(graph.tensor)
    var modes = [WriteMode](repeating: .overwrite, count: keep)
    for (position, index) in indices.enumerated() {
      let target = gradientTarget(of: node.inputs[index], description: descriptions[keep + position])
      precondition(
        target.mode == .overwrite || operation.canAccumulate(output: keep + position),
        "\(operation.name) cannot add to the gradient of input \(index)")
      outputs.append(target.tensor)
      modes.append(target.mode)
    }
    graph.replaceNode(at: current, by: operation, inputs, into: outputs, modes: modes)
  }

  /// The tensor and write mode of the next contribution to a value's gradient.
  private func gradientTarget(of value: Int, description: TensorDescription) -> (tensor: Tensor, mode: WriteMode) {
    if let gradient = gradients[value] {
      if mayChange(gradient, for: value) { return (gradient, .accumulate) }
      // Another node's backward rule, yet to come, must read the shared gradient unchanged: continue on a copy.
      let own = graph.makeValue("gradient", gradient.shape)
      graph.record(copy, [gradient], into: [own], modes: [.overwrite])
      owners[gradient.id]?.remove(value)
      owners[own.id] = [value]
      gradients[value] = own
      return (own, .accumulate)
    }
    if let gradient = persistent[value] {
      gradients[value] = gradient
      return (gradient, .accumulateAcrossRuns)
    }
    let gradient = graph.makeValue("gradient", description.shape)
    gradients[value] = gradient
    owners[gradient.id] = [value]
    return (gradient, .overwrite)
  }

  /// True where a gradient may be added to for one value: the producers of all other values that share it have read it
  /// already.
  private func mayChange(_ gradient: Tensor, for value: Int) -> Bool {
    (owners[gradient.id] ?? []).allSatisfy { owner in
      owner == value || (producer[owner].map { $0 > current } ?? false)
    }
  }
}
