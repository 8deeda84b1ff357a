import GPUTensor
import Kernels

/// One adapter on a device: A and B of each target.
package struct LoRAAdapter {
  package let targets: [LoRATarget]
  package let parameters: ParameterSet
  private let indices: [String: Int]
  private let dropout: Double

  /// - Parameter dropout: the share of a layer's inputs that a training step hides from the adapter.
  package init(_ targets: [LoRATarget], dropout: Double = 0, kind: String, maxSlabBytes: Int) {
    self.targets = targets
    self.dropout = dropout
    parameters = ParameterSet(targets.flatMap(\.parameters), kind: kind, maxSlabBytes: maxSlabBytes)
    indices = Dictionary(uniqueKeysWithValues: targets.enumerated().map { ($1.module, $0) })
  }

  /// s·B·(A·x), where the module is adapted.
  ///
  /// - Parameter training: whether inputs are dropped.
  package func delta(_ module: String, _ x: Tensor, training: Bool) -> Tensor? {
    guard let index = indices[module] else { return nil }
    let target = targets[index]
    let x = training && dropout > 0 ? x.dropout(rate: dropout, stream: index) : x
    let a = x.graph.variable(parameters.variable(target.a))
    let b = x.graph.variable(parameters.variable(target.b))
    return x.linear(a).scaled(by: Float(target.scale)).linear(b)
  }

  /// A new adapter, which changes nothing yet: A uniform within 1/√in, as PEFT's (Kaiming with a = √5), and B zero.
  package func initialize(seed: UInt64, on executor: any Executor) throws(OpenCLError) {
    for slab in parameters.slabs { try executor.zero(slab) }
    for (index, target) in targets.enumerated() {
      var random = SplitMix64(seed: seed &+ UInt64(index) << 32)
      let bound = 1 / Float(target.inFeatures).squareRoot()
      let values = (0..<target.rank * target.inFeatures).map { _ in Float.random(in: -bound...bound, using: &random) }
      try executor.write(.floats(values), to: parameters.variable(target.a), at: 0)
    }
  }

  /// Loads A and B of each target.
  package func load(_ matrices: LoRAMatrices, on executor: any Executor) throws(OpenCLError) {
    for target in targets {
      guard let pair = matrices[target.module] else { preconditionFailure("no matrices of \(target.module)") }
      try executor.write(.floats(pair.a), to: parameters.variable(target.a), at: 0)
      try executor.write(.floats(pair.b), to: parameters.variable(target.b), at: 0)
    }
  }

  /// A and B of each target, from the device.
  package func matrices(on executor: any Executor) throws(OpenCLError) -> LoRAMatrices {
    var matrices: LoRAMatrices = [:]
    for target in targets {
      matrices[target.module] = (
        a: try executor.read(parameters.variable(target.a)), b: try executor.read(parameters.variable(target.b))
      )
    }
    return matrices
  }

  /// A plan that adds s·B·A to the frozen weights.
  package func mergePlan(into weights: ParameterSet, executor: any Executor) -> Plan {
    let graph = Graph(rowCapacity: 1)
    for target in targets {
      let b = graph.variable(parameters.variable(target.b)).scaled(by: Float(target.scale))
      b.addProduct(
        with: graph.variable(parameters.variable(target.a)), to: graph.variable(weights.variable(target.weight)))
    }
    return executor.plan(graph, outputs: [])
  }
}
