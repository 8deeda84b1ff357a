import GPUTensor
import TestSupport
import Testing

@Suite("Reverse-mode differentiation")
struct GradientsTests {
  /// Compares every element's recorded gradient of Σ out · seed with a central difference in double.
  private func expectGradients(
    _ test: TestGraph, of out: Tensor, by parameters: [Tensor], _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let seed = test.parameter(out.shape)
    let objective = (out * seed).sum()
    let gradients = test.graph.gradients(of: out, with: parameters, seed: seed)
    try expect(test, gradients, of: objective, by: parameters, comment, sourceLocation: sourceLocation)
  }

  private func expect(
    _ test: TestGraph, _ gradients: [Tensor], of objective: Tensor, by parameters: [Tensor],
    _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let prepared = try test.prepare(outputs: gradients + [objective])
    try prepared.run()
    let recorded = try gradients.map { try prepared.read($0) }
    for (index, parameter) in parameters.enumerated() {
      let measured = try (0..<parameter.shape.count).map { element in
        try prepared.difference(of: objective, by: parameter, element: element)
      }
      let scale = max(measured.map(abs).max() ?? 0, 1e-3)
      let error = largestDifference(recorded[index], measured) / scale
      #expect(
        error <= OperationTesting.differenceBound, "parameter \(index): \(comment ?? "")",
        sourceLocation: sourceLocation)
    }
    try prepared.run()
    let again = try gradients.map { try prepared.read($0) }
    #expect(again == recorded, "a second run gives other gradients: \(comment ?? "")", sourceLocation: sourceLocation)
  }

  @Test("a stretch that is made again gives the same gradients, and its values need not be kept")
  func recomputing() throws {
    func record(_ recomputes: Bool) throws -> (values: [[Double]], bytes: Int) {
      let test = TestGraph(rowCapacity: 64)
      let x = test.parameter(test.graph.rows(32))
      let weight = test.parameter(32, 32)
      func stretch(_ x: Tensor) -> Tensor {
        func body() -> Tensor { x + x.linear(weight).softmax().gated(.silu, x.linear(weight)).linear(weight) }
        return recomputes ? test.graph.recomputing(body) : body()
      }
      let out = stretch(stretch(stretch(stretch(x))))
      let seed = test.parameter(out.shape)
      let gradients = test.graph.gradients(of: out, with: [x, weight], seed: seed)
      let plan = Plan(fusing: test.graph, outputs: gradients, traits: nil)
      return (try test.run(gradients[0], gradients[1]), plan.arenaBytes)
    }
    let (kept, again) = try (record(false), record(true))
    #expect(kept.values == again.values)
    #expect(again.bytes < kept.bytes * 2 / 3, "\(again.bytes) of \(kept.bytes)")
  }

  @Test("a value used by several ops collects all their gradients")
  func fanOut() throws {
    let test = TestGraph(rowCapacity: 3)
    let a = test.parameter(test.graph.rows(4))
    let (b, c) = (test.parameter(test.graph.rows(4)), test.parameter(test.graph.rows(4)))
    let middle = a * b
    try expectGradients(test, of: middle * c + middle.softmax() + middle.gated(.silu, a), by: [a, b, c])
  }

  @Test("a value added to itself")
  func twice() throws {
    let test = TestGraph(rowCapacity: 2)
    let a = test.parameter(test.graph.rows(3))
    try expectGradients(test, of: a + a, by: [a])
    let other = TestGraph(rowCapacity: 2)
    let b = other.parameter(other.graph.rows(3))
    let middle = b.softmax()
    try expectGradients(other, of: (middle + middle) * b, by: [b], "inside a graph")
  }

  @Test("a residual connection around one op, whose backward rule reads the gradient that it adds to")
  func residual() throws {
    typealias Branch = (Tensor, TestGraph) -> Tensor
    let branches: [(name: String, branch: Branch)] = [
      ("linear", { x, test in x.linear(test.parameter(4, 4)) }),
      ("matmul", { x, test in x.matmul(test.parameter(4, 4)) }),
      ("softmax", { x, _ in x.softmax() }),
      ("rmsnorm", { x, test in x.rmsNorm(test.parameter(4), eps: 1e-5) }),
      ("swiglu", { x, _ in x.gated(.silu, x) }),
      ("scale", { x, _ in x.scaled(by: -3) }),
      ("product", { x, _ in x * x }),
      ("bias", { x, test in x.biased(by: test.parameter(4)) }),
      (
        "rope",
        { x, test in
          let table = test.parameter(Shape([3, 4]), RoPETable.make(frequencies: [1, 0.3], positions: 3))
          return x.rope(table: table, positions: test.ints([0, 2, 1]), headSize: 4)
        }
      ),
      (
        "attention",
        { x, test in
          x.attention(
            keys: x, values: x, keyStart: test.ints([0, 0, 0]), keyEnd: test.ints([1, 2, 3]),
            queryEnd: test.ints([3, 3, 3]), layout: AttentionLayout(heads: 2, keyValueHeads: 2, headSize: 2))
        }
      ),
    ]
    for (name, branch) in branches {
      let test = TestGraph(rowCapacity: 3)
      let a = test.parameter(test.graph.rows(4))
      let x = a.softmax()
      try expectGradients(test, of: (x + branch(x, test)) * a, by: [a], "x + \(name)(x)")
      let mirrored = TestGraph(rowCapacity: 3)
      let b = mirrored.parameter(mirrored.graph.rows(4))
      let y = b.softmax()
      try expectGradients(mirrored, of: (branch(y, mirrored) + y) * b, by: [b], "\(name)(x) + x")
      let direct = TestGraph(rowCapacity: 3)
      let c = direct.parameter(direct.graph.rows(4))
      try expectGradients(direct, of: c + branch(c, direct), by: [c], "a parameter + \(name) of it")
    }
  }

  @Test("a gradient shared by two values is copied before one of them adds to it")
  func sharedGradient() throws {
    // s = a + b shares its gradient with a and b. An earlier node uses `a` again, and b's rule runs after that node's:
    // it must still read the unchanged gradient.
    let test = TestGraph(rowCapacity: 3)
    let (p, q) = (test.parameter(test.graph.rows(4)), test.parameter(test.graph.rows(4)))
    let b = q.softmax()
    let a = p.softmax()
    let other = a * q
    try expectGradients(test, of: (a + b) + other.softmax(), by: [p, q])

    // The same where the sharers are parameters, whose gradients are the result.
    let leaves = TestGraph(rowCapacity: 3)
    let (c, d) = (leaves.parameter(leaves.graph.rows(4)), leaves.parameter(leaves.graph.rows(4)))
    let product = c.scaled(by: 2) * d
    try expectGradients(leaves, of: (c + d) + product, by: [c, d])
  }

  @Test("a whole block with tied embeddings, packed samples and masked targets")
  func block() throws {
    let model = SmallTransformer(lengths: [3, 1, 4])
    let gradients = model.differentiate()
    try expect(model.test, gradients, of: model.loss, by: model.parameters)
  }

  @Test("what reads the loss may be recorded before the backward pass or after it")
  func lossReaders() throws {
    let model = SmallTransformer(lengths: [3, 2])
    let before = model.loss.scaled(by: 2)
    let gradients = model.differentiate()
    let after = model.loss.scaled(by: 2)
    let prepared = try model.test.prepare(outputs: [model.loss, before, after] + gradients)
    try prepared.run()
    let loss = try prepared.read(model.loss)[0]
    #expect(loss > 0)
    #expect(try prepared.read(before) == [2 * loss])
    #expect(try prepared.read(after) == [2 * loss])
  }

  @Test("the loss scale multiplies all gradients of a loss, and not the loss")
  func lossScale() throws {
    let model = SmallTransformer(lengths: [3, 2])
    let gradients = model.differentiate()
    let prepared = try model.test.prepare(outputs: [model.loss] + gradients)
    var scalars = ReplayScalars()
    var runs: [[[Double]]] = []
    for scale in [Float(1), 0.25] {
      scalars.lossScale = scale
      try prepared.run(scalars: scalars)
      runs.append(try ([model.loss] + gradients).map { try prepared.read($0) })
    }
    #expect(runs[0][0] == runs[1][0])
    for (whole, quarter) in zip(runs[0].dropFirst(), runs[1].dropFirst()) {
      let scale = whole.map(abs).max() ?? 0
      #expect(scale > 0)
      #expect(largestDifference(whole.map { $0 / 4 }, quarter) <= 1e-14 * scale)
    }
  }

  @Test("gradients of two runs add up to those of one run with both batches", arguments: ExecutorChoice.all)
  func accumulation(_ choice: ExecutorChoice) throws {
    // The two batches are independent: the loss of two replays equals that of one replay with both.
    func record(rows: Int, ids: [Int], targets: [Int]) -> (TestGraph, [Tensor], (ids: Tensor, targets: Tensor)) {
      let test = TestGraph(rowCapacity: rows)
      let (table, weight, norm) = (test.parameter(7, 5), test.parameter(5, 5), test.parameter(5))
      let inputs = (ids: test.ints(ids), targets: test.ints(targets))
      let x = table.embedding(inputs.ids)
      let loss = (x + x.linear(weight)).rmsNorm(norm, eps: 1e-5).linearCrossEntropy(
        weight: table, targets: inputs.targets)
      let parameters = [table, weight, norm]
      let gradients = parameters.map { test.parameter($0.shape, [Float](repeating: 5, count: $0.shape.count)) }
      return (test, test.graph.gradients(of: loss.sum, with: parameters, into: gradients), inputs)
    }
    let (ids, targets) = ([1, 5, 1, 6, 0, 2], [2, -100, 3, 6, 6, 1])
    let (whole, expected, _) = record(rows: 6, ids: ids, targets: targets)
    let together = try whole.prepare(outputs: [], on: try choice.make())
    try together.run()

    let (half, gradients, inputs) = record(rows: 3, ids: Array(ids[..<3]), targets: Array(targets[..<3]))
    let prepared = try half.prepare(outputs: [], on: try choice.make())
    var scalars = ReplayScalars()
    try prepared.run(scalars: scalars)
    scalars.accumulates = true
    try prepared.run(
      scalars: scalars,
      inputs: [
        (inputs.ids, .ints(ids[3...].map(Int32.init))), (inputs.targets, .ints(targets[3...].map(Int32.init))),
      ])
    for (one, both) in zip(gradients, expected) {
      let (found, reference) = (try prepared.read(one), try together.read(both))
      // Twelve terms at most, added in another order: a few roundings of the largest.
      let scale = max(reference.map(abs).max() ?? 0, 1)
      #expect(largestDifference(found, reference) <= 16 * scale * Double(Float.ulpOfOne))
    }
  }
}
