import GPUTensor
import Kernels
import TestSupport
import Testing

@Suite("Memory plans")
struct PlanTests {
  /// A value that a plan must give memory to, from the first node that touches it to the last, both included.
  private struct Lifetime {
    let name: String
    let first: Int
    let last: Int
    let byteCount: Int
    let placement: Plan.Placement

    func overlaps(_ other: Lifetime) -> Bool { first <= other.last && other.first <= last }
  }

  /// Lifetimes computed here from the nodes, independently of the plan.
  private func lifetimes(_ plan: Plan, outputs: [Tensor]) throws -> [Lifetime] {
    let nodes = plan.nodes
    var lifetimes: [Lifetime] = []
    for (id, value) in plan.graph.values.enumerated() {
      if case .variable = value.source { continue }
      let touching = nodes.indices.filter { nodes[$0].inputs.contains(id) || nodes[$0].outputs.contains(id) }
      guard let start = touching.first, let end = touching.last else { continue }
      var first = start
      if case .input = value.source { first = -1 }
      let last = outputs.contains { $0.id == id } ? nodes.count : end
      lifetimes.append(
        Lifetime(
          name: "\(value.name) \(id)", first: first, last: last, byteCount: value.dtype.byteCount(value.shape.count),
          placement: try #require(plan.placements[id], "\(value.name) has no memory")))
    }
    for (index, placement) in plan.scratch.enumerated() {
      guard let placement else { continue }
      lifetimes.append(
        Lifetime(
          name: "scratch of node \(index)", first: index, last: index, byteCount: placement.byteCount,
          placement: placement))
    }
    return lifetimes
  }

  @Test("memory that there is not is refused with the numbers before it is taken")
  func refusesWhatDoesNotFit() throws {
    let (model, outputs) = model()
    for share in [2, 1] {
      let plan = CPUExecutor<Float>().plan(model.test.graph, outputs: outputs)
      let memory = (plan.variableBytes + plan.arenaBytes) / share
      let executor = CPUExecutor<Float>(memory: MachineMemory(installedBytes: 1 << 40, availableBytes: memory))
      if share == 1 {
        try executor.prepare([plan])
        continue
      }
      do throws(DeviceError) {
        try executor.prepare([plan])
        Issue.record("prepared")
      } catch {
        #expect(error.exitCode == 5 && error.description.contains("GiB"), "\(error)")
        #expect(executor.peakAllocatedBytes <= memory)
      }
    }
  }

  private func model() -> (SmallTransformer, outputs: [Tensor]) {
    let model = SmallTransformer(lengths: [17, 1, 40, 9])
    return (model, [model.loss] + model.differentiate())
  }

  /// A device's traits, so that ops ask for scratch memory.
  private var traits: KernelTraits? { OpenCLDevices.all.first.map { KernelTraits(device: $0) } }

  @Test("no two values that live at the same time share a byte", arguments: [Int.max, 16 << 10, 4096])
  func disjoint(largestBuffer: Int) throws {
    let (model, outputs) = model()
    let plan = Plan(fusing: model.test.graph, outputs: outputs, traits: traits, largestBuffer: largestBuffer)
    let lifetimes = try lifetimes(plan, outputs: outputs)
    #expect(lifetimes.count > 50)
    for (index, one) in lifetimes.enumerated() {
      #expect(one.placement.byteCount >= one.byteCount, "\(one.name) is given too little")
      #expect(one.placement.offset % SlabLayout.alignmentBytes == 0, "\(one.name) is not aligned")
      #expect(one.placement.offset + one.placement.byteCount <= plan.arenas[one.placement.arena], "\(one.name)")
      for other in lifetimes[..<index] where one.overlaps(other) && one.placement.arena == other.placement.arena {
        let apart =
          one.placement.offset + one.byteCount <= other.placement.offset
          || other.placement.offset + other.byteCount <= one.placement.offset
        #expect(apart, "\(one.name) and \(other.name) share memory")
      }
    }
  }

  @Test("the peak is at least what lives at once, and memory is used again")
  func peak() throws {
    let (model, outputs) = model()
    let plan = Plan(fusing: model.test.graph, outputs: outputs, traits: traits)
    let lifetimes = try lifetimes(plan, outputs: outputs)
    let atOnce = (-1...plan.nodes.count).map { node in
      lifetimes.filter { $0.first <= node && node <= $0.last }.reduce(0) { $0 + $1.byteCount }
    }
    let lowerBound = try #require(atOnce.max())
    #expect(plan.arenaBytes >= lowerBound)
    #expect(plan.arenas.count == 1, "one buffer is enough where nothing limits it")
    // Each value may lose up to one alignment; the greedy rule is known to stay within a quarter of the bound here.
    #expect(plan.arenaBytes <= (lowerBound + lifetimes.count * SlabLayout.alignmentBytes) * 5 / 4)
    let separate = lifetimes.reduce(0) { $0 + $1.byteCount }
    #expect(plan.arenaBytes < separate, "\(plan.arenaBytes) of \(separate) bytes")
  }

  @Test("memory spills into several arenas, none larger than a device's largest buffer")
  func largestBuffer() throws {
    let (model, outputs) = model()
    let limit = 8192
    let plan = Plan(fusing: model.test.graph, outputs: outputs, traits: nil, largestBuffer: limit)
    #expect(plan.arenas.count > 1)
    #expect(plan.arenas.allSatisfy { $0 <= limit })
  }

  @Test("a value larger than the largest buffer shows: the executor can refuse the plan")
  func tooLarge() {
    let test = TestGraph()
    let a = test.parameter(2048)
    let plan = Plan(fusing: test.graph, outputs: [a.scaled(by: 2)], traits: nil, largestBuffer: 4096)
    #expect(plan.arenas == [8192])
  }

  @Test("the bytes of all plans: arenas are shared, each slab counts once")
  func totalBytes() {
    let weight = Variable(name: "weight", shape: Shape([512]))
    func plan(_ count: Int) -> Plan {
      let graph = Graph(rowCapacity: 1)
      var x = graph.variable(weight)
      for _ in 0..<count { x = x + graph.variable(weight).scaled(by: 2) }
      return Plan(fusing: graph, outputs: [x], traits: nil)
    }
    let (small, large) = (plan(1), plan(4))
    #expect(small.variableBytes == 2048)
    // x and its double take 2048 bytes each. From the second sum on, the old x, its double and the new x are alive.
    #expect(small.arenaBytes == 4096)
    #expect(large.arenaBytes == 6144)
    #expect(Plan.totalBytes([small, large]) == 6144 + 2048)
    #expect(Plan.totalBytes([small]) == 4096 + 2048)
  }

  @Test("a value that nothing uses has no memory")
  func unused() {
    let graph = Graph(rowCapacity: 2)
    let unused = graph.input("unused", graph.rows(4))
    let a = graph.variable(Variable(name: "a", shape: Shape([4])))
    let plan = Plan(fusing: graph, outputs: [a.scaled(by: 2)], traits: nil)
    #expect(plan.placements[unused.id] == nil)
  }

  @Test("allocated bytes are the planned ones", .onOpenCL)
  func allocated() throws {
    for device in OpenCLDevices.all {
      let (model, outputs) = model()
      let executor = try OpenCLExecutor(device: device, isolated: false)
      let prepared = try model.test.prepare(outputs: outputs, on: executor)
      #expect(executor.peakAllocatedBytes == Plan.totalBytes([prepared.plan]))
    }
  }

  @Test("arenas, several small ones, and a buffer for each tensor give the same bits", .onOpenCL)
  func isolation() throws {
    for device in OpenCLDevices.all {
      var runs: [[[Double]]] = []
      for (isolated, largestBuffer) in [(false, nil), (false, 1 << 14), (true, nil)] as [(Bool, Int?)] {
        let (model, outputs) = model()
        let executor = try OpenCLExecutor(device: device, isolated: isolated)
        let prepared = try model.test.prepare(outputs: outputs, on: executor, largestBuffer: largestBuffer)
        if largestBuffer != nil { #expect(prepared.plan.arenas.count > 1) }
        try prepared.run()
        runs.append(try outputs.map { try prepared.read($0) })
      }
      #expect(runs[0] == runs[1])
      #expect(runs[0] == runs[2])
      #expect(runs[0].joined().allSatisfy { $0.isFinite })
    }
  }

  @Test("fewer rows than the plan's capacity give what a plan for just those rows gives", arguments: ExecutorChoice.all)
  func fewerRows(_ choice: ExecutorChoice) throws {
    func outputs(capacity: Int) throws -> [[Double]] {
      let test = TestGraph(rowCapacity: capacity)
      let (table, norm, bias) = (test.parameter(7, 5), test.parameter(5), test.parameter(5))
      let ids = test.ints((0..<capacity).map { $0 * 3 % 7 })
      let targets = test.ints((0..<capacity).map { $0 * 2 % 7 })
      let hidden = table.embedding(ids).rmsNorm(norm, eps: 1e-5).biased(by: bias)
      let loss = (hidden + hidden.softmax()).linearCrossEntropy(weight: table, targets: targets)
      let gradients = test.graph.gradients(of: loss.sum, with: [table, norm, bias])
      let all = [loss.sum, loss.rows, hidden.sum()] + gradients
      let prepared = try test.prepare(outputs: all, on: try choice.make(isolated: true))
      // Rows left by an earlier, longer replay must not count.
      try prepared.run()
      try prepared.run(rows: 3)
      return try all.map { try prepared.read($0, rows: 3) }
    }
    #expect(try outputs(capacity: 3) == outputs(capacity: 9))
  }
}
