import GPUTensor
import Kernels

/// One adapter on a device: A and B of each target, DoRA's magnitudes if it has them, its own copies of saved weights
/// (`modules_to_save`), and rows of single tokens (`trainable_token_indices`).
package struct LoRAAdapter {
  package let targets: [LoRATarget]
  /// Weights of the model that the adapter trains a copy of, in place of the base's.
  package let saved: [ParameterDescription]
  package let parameters: ParameterSet
  private let tokenRows: [DeviceTokenRows]
  private let indices: [String: Int]
  private let dropout: Double

  /// - Parameters:
  ///   - saved: parameters of the model that the adapter trains a copy of.
  ///   - tokenRows: rows of tables that the adapter trains in place of the base's.
  ///   - dropout: share of a layer's inputs that a training step hides from the adapter, from 0 to below 1.
  ///   - ratesApart: true: A, B and the embedding's matrices take learning rates of their own (LoRA+).
  package init(
    _ targets: [LoRATarget], saved: [ParameterDescription] = [], tokenRows: [TokenRows] = [], dropout: Double = 0,
    ratesApart: Bool = false, kind: String, limits: AllocationLimits
  ) {
    self.targets = targets
    self.saved = saved
    self.dropout = dropout
    let copies = saved.map { ParameterDescription(name: Self.key($0), shape: $0.shape) }
    let parameters = ParameterSet(
      targets.flatMap(\.parameters) + copies + tokenRows.map(\.parameter), kind: kind,
      apart: Set((copies.filter { $0.biasModule == nil } + tokenRows.map(\.parameter)).map(\.name)),
      tables: Set(LlamaParameterName.tables.map { LoRATarget.prefix + $0 } + tokenRows.map(\.parameter.name)),
      rates: ratesApart ? Self.rates(of: targets, copies) : [:], limits: limits)
    self.parameters = parameters
    self.tokenRows = tokenRows.map { DeviceTokenRows($0, trained: parameters.variable($0.parameter.name)) }
    indices = Dictionary(uniqueKeysWithValues: targets.enumerated().map { ($1.module, $0) })
  }

  /// The groups of PEFT's create_loraplus_optimizer: with B go vectors, such as magnitudes and biases.
  private static func rates(of targets: [LoRATarget], _ copies: [ParameterDescription]) -> [String: RateGroup] {
    var rates: [String: RateGroup] = [:]
    for target in targets {
      if target.kind == .embedding {
        (rates[target.a], rates[target.b]) = (.embedding, .embedding)
      } else {
        (rates[target.b], rates[target.magnitude]) = (.outputs, .outputs)
      }
    }
    for copy in copies where copy.shape.count == 1 { rates[copy.name] = .outputs }
    return rates
  }

  /// The adapter's own copy of this base weight (`modules_to_save`, `bias`), if it trains one.
  package func parts(inPlaceOf weight: String) -> [Variable]? {
    saved.first { $0.name == weight }.map { parameters.parts(Self.key($0)) }
  }

  /// Name of a saved weight's copy among the adapter's parameters.
  private static func key(_ saved: ParameterDescription) -> String { LoRATarget.prefix + saved.name }

  /// Returns a linear layer's outputs [R, out] for x [R, in], one for each part of a fused matrix: W·x plus s·B·(A·x),
  /// scaled to the magnitudes (DoRA) if there are any; for a module without an adapter, `products` as they are. Of the
  /// embedding x is ids [R], and the product their rows.
  ///
  /// - Parameters:
  ///   - products: W·x, [R, out].
  ///   - weights: the parts of W [out, in].
  ///   - stacked: frozen adapter of the same layers, which counts as a part of W.
  ///   - training: true: dropout applies.
  package func adapted(
    _ module: String, _ x: Tensor, _ products: [Tensor], weights: [Tensor], beside stacked: LoRAAdapter? = nil,
    training: Bool
  ) -> [Tensor] {
    guard let index = indices[module] else {
      guard let rows = tokenRows.first(where: { $0.rows.module == module }) else { return products }
      return products.map { $0 + rows.deltas(x, table: weights) }
    }
    let target = targets[index]
    if target.kind == .embedding {
      return products.map { rows in [stacked, self].compactMap { $0 }.reduce(rows) { $0 + $1.rows(index, x) } }
    }
    func base(_ x: Tensor, _ products: [Tensor]) -> [Tensor] {
      stacked.map { zip(products, $0.deltas(index, x)).map { $0 + $1 } } ?? products
    }
    let drops = training && dropout > 0
    let seen = drops ? x.dropout(rate: dropout, stream: index) : x
    let before = base(x, products)
    let deltas = deltas(index, seen)
    guard target.hasMagnitude else { return zip(before, deltas).map { $0 + $1 } }
    let factors = scales(index, of: weights, beside: stacked)
    // As in PEFT, with x̃ the dropped input and f = magnitude / row norm: W·x + f·(W·x̃ + s·B·A·x̃) − W·x̃.
    let own = drops ? base(seen, weights.map(seen.linear)) : before
    return before.indices.map { part in
      let scaled = (own[part] + deltas[part]).columnsScaled(by: factors[part])
      return drops ? before[part] + scaled + own[part].scaled(by: -1) : scaled
    }
  }

  /// DoRA's factors of a layer's outputs, [out], one for each part: magnitude / ‖row of W + s·B·A‖.
  private func scales(_ index: Int, of weights: [Tensor], beside stacked: LoRAAdapter?) -> [Tensor] {
    let graph = weights[0].graph
    let magnitudes = parameters.parts(targets[index].magnitude).map(graph.variable)
    let adapters = [stacked, self].compactMap { $0?.factors(index, in: graph) }
    return weights.indices.map { part in
      let pairs = adapters.map { (a: $0.a, b: $0.b[part]) }
      return magnitudes[part] * weights[part].inverseRowNorms(adaptedBy: pairs, scale: targets[index].scale)
    }
  }

  /// The shares of the logits of hidden rows x [R, C] that an adapter of the output projection gives, or trained rows of
  /// it; none without one.
  ///
  /// - Parameters:
  ///   - weight: the key of the output projection's matrix: the embedding's where the model ties the two.
  ///   - table: the parts of the matrix with this key.
  ///   - stacked: frozen adapter of the same layers.
  ///   - training: true: dropout applies.
  package func logitShares(
    _ x: Tensor, weight: String, table: (String) -> [Tensor], beside stacked: LoRAAdapter? = nil, training: Bool
  ) -> [LogitShare] {
    if let rows = tokenRows.first(where: { $0.rows.weight == weight }) { return [rows.share(x, table: table(weight))] }
    let module = LlamaParameterName.output.dropLast(".weight".count)
    guard let index = indices[String(module)] else { return [] }
    func share(_ adapter: LoRAAdapter, _ x: Tensor) -> LogitShare {
      let (a, b) = adapter.factors(index, in: x.graph)
      return LogitShare(input: x.linear(a).scaled(by: Float(targets[index].scale)), weight: b[0])
    }
    let seen = training && dropout > 0 ? x.dropout(rate: dropout, stream: index) : x
    return (stacked.map { [share($0, x)] } ?? []) + [share(self, seen)]
  }

  /// s·B[id]·A of each id of an embedding, [R, C].
  private func rows(_ index: Int, _ ids: Tensor) -> Tensor {
    let (a, b) = factors(index, in: ids.graph)
    return b.embedding(ids).scaled(by: Float(targets[index].scale)).matmul(a)
  }

  /// A of a target, and its B by parts.
  private func factors(_ index: Int, in graph: Graph) -> (a: Tensor, b: [Tensor]) {
    let target = targets[index]
    return (graph.variable(parameters.variable(target.a)), parameters.parts(target.b).map(graph.variable))
  }

  /// s·B·(A·x) of a target, by parts.
  private func deltas(_ index: Int, _ x: Tensor) -> [Tensor] {
    let (a, b) = factors(index, in: x.graph)
    return b.map(x.linear(a).scaled(by: Float(targets[index].scale)).linear)
  }

  /// A plan that sets each magnitude to the norms of the rows of W + s·B·A, so that scaling to it changes nothing; nil
  /// where the adapter has no magnitudes.
  package func magnitudePlan(of weights: LlamaWeights, executor: any Executor) -> Plan? {
    let graph = Graph(rowCapacity: 1)
    for (index, target) in targets.enumerated() where target.hasMagnitude {
      let (a, b) = factors(index, in: graph)
      let magnitudes = parameters.parts(target.magnitude)
      for (part, weight) in weights.tensors(target.weight, in: graph).enumerated() {
        weight.storeRowNorms(adaptedBy: (a, b[part]), scale: target.scale, in: graph.variable(magnitudes[part]))
      }
    }
    return graph.nodes.isEmpty ? nil : executor.plan(graph, outputs: [])
  }

  /// Initialises A uniformly within ±1/√in, as PEFT does (Kaiming with a = √5), or an embedding's with standard normal
  /// numbers, and B with zeros, so that the adapter changes nothing yet.
  package func initialize(seed: UInt64, on executor: any Executor) throws(DeviceError) {
    try clear(on: executor)
    for (index, target) in targets.enumerated() {
      let seed = seed &+ UInt64(index) << 32
      if target.kind == .embedding {
        let values = LlamaWeights.normal(target.rank * target.inFeatures, 1, seed: seed)
        try executor.write(.floats(values), to: parameters.variable(target.a), at: 0)
        continue
      }
      var random = SplitMix64(seed: seed)
      let bound = 1 / Float(target.inFeatures).squareRoot()
      let values = (0..<target.rank * target.inFeatures).map { _ in Float.random(in: -bound...bound, using: &random) }
      try executor.write(.floats(values), to: parameters.variable(target.a), at: 0)
    }
  }

  /// Sets A and B to zero; magnitudes, saved weights and rows of tokens stay.
  package func clear(on executor: any Executor) throws(DeviceError) {
    let kept = saved.flatMap { parameters.parts(Self.key($0)) } + tokenRows.map(\.trained)
    let own = Set(kept.map { ObjectIdentifier($0.slab) })
    for slab in parameters.groups.filter(\.decays).flatMap(\.slabs) where !own.contains(ObjectIdentifier(slab)) {
      try executor.zero(slab)
    }
  }

  /// Writes A and B of `other`, whose targets have a rank r, at most this adapter's, to the ranks number · r ..<
  /// (number + 1) · r of this adapter.
  package func place(
    _ matrices: LoRAMatrices, of other: LoRAAdapter, number: Int, on executor: any Executor
  ) throws(DeviceError) {
    for (target, part) in zip(targets, other.targets) {
      guard let pair = matrices[target.module] else { preconditionFailure("no matrices of \(target.module)") }
      let first = number * part.rank
      try executor.write(.floats(pair.a), to: parameters.variable(target.a), at: first * target.inFeatures)
      var b = try parameters.values(target.b, from: executor)
      for row in 0..<target.outFeatures {
        for rank in 0..<part.rank { b[row * target.rank + first + rank] = pair.b[row * part.rank + rank] }
      }
      try parameters.write(b, to: target.b, on: executor)
    }
  }

  /// Loads the saved weights; `values` returns the numbers of a weight by its name in the model.
  package func loadSaved(_ values: (String) throws -> [Float], on executor: any Executor) throws {
    for weight in saved { try parameters.write(try values(weight.name), to: Self.key(weight), on: executor) }
  }

  /// Loads the rows of tokens; `values` returns the numbers [n, C] of a table's.
  package func loadTokenRows(_ values: (TokenRows) throws -> [Float], on executor: any Executor) throws {
    for rows in tokenRows { try rows.load(try values(rows.rows), on: executor) }
  }

  /// The rows of tokens, read from the device.
  package func tokenRowValues(
    on executor: any Executor
  ) throws(DeviceError) -> [(rows: TokenRows, values: [Float])] {
    try tokenRows.map { rows throws(DeviceError) in (rows.rows, try executor.read(rows.trained)) }
  }

  /// The saved weights' values, read from the device.
  package func savedValues(
    on executor: any Executor
  ) throws(DeviceError) -> [(weight: ParameterDescription, values: [Float])] {
    try saved.map { weight throws(DeviceError) in
      (weight, try parameters.values(Self.key(weight), from: executor))
    }
  }

  /// Loads A and B of each target, and its magnitudes.
  package func load(_ matrices: LoRAMatrices, on executor: any Executor) throws(DeviceError) {
    for target in targets {
      guard let pair = matrices[target.module] else { preconditionFailure("no matrices of \(target.module)") }
      try executor.write(.floats(pair.a), to: parameters.variable(target.a), at: 0)
      try parameters.write(pair.b, to: target.b, on: executor)
      guard target.hasMagnitude else { continue }
      guard let magnitude = pair.magnitude else { preconditionFailure("no magnitudes of \(target.module)") }
      try parameters.write(magnitude, to: target.magnitude, on: executor)
    }
  }

  /// A and B of each target, and its magnitudes, read from the device.
  package func matrices(on executor: any Executor) throws(DeviceError) -> LoRAMatrices {
    var matrices: LoRAMatrices = [:]
    for target in targets {
      matrices[target.module] = LoRAPair(
        a: try executor.read(parameters.variable(target.a)), b: try parameters.values(target.b, from: executor),
        magnitude: target.hasMagnitude ? try parameters.values(target.magnitude, from: executor) : nil)
    }
    return matrices
  }

  /// A plan that adds s·B·A to the frozen weights, which must be float32.
  package func mergePlan(into weights: ParameterSet, executor: any Executor) -> Plan {
    let graph = Graph(rowCapacity: 1)
    for (index, target) in targets.enumerated() {
      let (a, b) = factors(index, in: graph)
      for (part, weight) in weights.parts(target.weight).enumerated() {
        precondition(weight.dtype == .float32, "\(target.weight) is kept as it is")
        b[part].scaled(by: Float(target.scale)).addProduct(with: a, to: graph.variable(weight))
      }
    }
    return executor.plan(graph, outputs: [])
  }
}
