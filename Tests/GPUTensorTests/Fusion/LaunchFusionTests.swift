import GPUTensor
import Kernels
import TestSupport
import Testing

@Suite("Launches that are merged")
struct LaunchFusionTests {
  private func nodes(_ test: TestGraph) -> [Graph.Node] { Plan(fusing: test.graph, outputs: [], traits: nil).nodes }

  @Test("up to three products of the same rows are one node, with all inputs and outputs in order")
  func products() {
    let test = TestGraph(rowCapacity: 2)
    let x = test.parameter(test.graph.rows(4))
    let weights = (1...4).map { test.parameter($0, 4) }
    let products = weights.map(x.linear)
    let nodes = nodes(test)
    #expect(nodes.map(\.outputs) == [products[..<3].map(\.id), [products[3].id]])
    #expect(nodes[0].inputs == weights[..<3].flatMap { [x.id, $0.id] })
  }

  @Test("what reads another's output, or other rows, keeps its own node")
  func dependent() {
    let test = TestGraph(rowCapacity: 1)
    let square = test.parameter(4, 4)
    let x = test.parameter(test.graph.rows(4))
    _ = x.linear(square).linear(square)
    _ = x.matmul(square)
    #expect(nodes(test).count == 3)
  }

  @Test("two writes to one cache stay in their order; keys and values go together")
  func caches() {
    let test = TestGraph(rowCapacity: 1)
    let caches = (0..<2).map { _ in test.parameter(3, 2) }
    let x = test.parameter(test.graph.rows(2))
    let places = test.ints([1])
    x.append(toCache: caches[0], places: places)
    x.append(toCache: caches[0], places: places)
    x.append(toCache: caches[1], places: places)
    #expect(nodes(test).map(\.outputs) == [[caches[0].id], [caches[0].id, caches[1].id]])
  }

  @Test("a sum and its norm are one node; a sum and the norm of something else are two")
  func norms() {
    let test = TestGraph(rowCapacity: 1)
    let x = test.parameter(test.graph.rows(2))
    let weight = test.parameter(2)
    let sum = x + x
    _ = sum.rmsNorm(weight, eps: 1e-5)
    _ = sum + x
    _ = sum.rmsNorm(weight, eps: 1e-5)
    #expect(nodes(test).map(\.operation.name) == ["rmsnorm", "elementwise", "rmsnorm"])
  }

  @Test("of few rows, a norm, its products and their gate are one node on a CPU device", .onOpenCL)
  func blocks() throws {
    for device in OpenCLDevices.all {
      for (rows, isOne) in [(1, true), (8, true), (9, false)] {
        let test = TestGraph(rowCapacity: rows)
        let x = test.parameter(test.graph.rows(4))
        let h = (x + x).rmsNorm(test.parameter(4), eps: 1e-5)
        let (gate, up) = (h.linear(test.parameter(6, 4)), h.linear(test.parameter(6, 4)))
        _ = gate.gated(.silu, up)
        let nodes = Plan(fusing: test.graph, outputs: [], traits: KernelTraits(device: device)).nodes
        #expect(nodes.map(\.operation.name) == (isOne ? ["matmul"] : ["rmsnorm", "matmul", "swiglu"]))
        let asGPU = KernelTraits(device: device, as: .gpu)
        #expect(Plan(fusing: test.graph, outputs: [], traits: asGPU).nodes.count == 3)
      }
    }
  }

  @Test("heads that are normalised, and biases, end a block after its products, and the plan says so", .onOpenCL)
  func unfused() throws {
    for device in OpenCLDevices.all {
      let test = TestGraph(rowCapacity: 4)
      let table = test.parameter(4, 2)
      let positions = test.ints([0, 1, 2, 3])
      let h = test.parameter(test.graph.rows(4)).rmsNorm(test.parameter(4), eps: 1e-5)
      let products = (0..<3).map { _ in h.linear(test.parameter(8, 4)) }
      for product in products[..<2] {
        _ = product.rmsNorm(test.parameter(4), eps: 1e-5).rope(table: table, positions: positions, headSize: 4)
      }
      let (gate, up) = (h.linear(test.parameter(6, 4)), h.linear(test.parameter(6, 4)))
      _ = gate.biased(by: test.parameter(6)).gated(.silu, up)
      let plan = Plan(fusing: test.graph, outputs: [], traits: KernelTraits(device: device))
      #expect(plan.nodes.first?.outputs.count == 5, "a norm's two values and three products")
      #expect(plan.unfused == ["gate: biases are added first", "rotation: heads are normalised first"])
      #expect(Plan(fusing: test.graph, outputs: [], traits: nil).unfused == [])
    }
  }
}
