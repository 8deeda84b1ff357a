import GPUTensor
import Kernels
import TestSupport
import Testing

@Suite("The choice of a way to multiply", .onOpenCL)
struct MatmulChoiceTests {
  private let device: Device

  init() throws {
    device = try #require(OpenCLDevices.all.first)
  }

  /// The names of the ways of X·Wᵀ, of the gradient of X and of that of W, as a plan for `capacity` rows chose them.
  private func ways(
    _ traits: KernelTraits, capacity: Int, rows: Int? = nil, width: Int = 64, depth: Int = 512
  ) -> [String] {
    let graph = Graph(rowCapacity: capacity)
    let x = graph.input("x", graph.rows(depth))
    let weight = graph.input("weight", Shape([width, depth]))
    let dy = graph.input("dy", graph.rows(width))
    let outputs = [x.linear(weight), dy.matmul(weight), dy.matmul(x, transposeSelf: true)]
    let plan = Plan(fusing: graph, outputs: outputs, traits: traits)
    return plan.matmulWays(rows: rows ?? capacity).map(\.name)
  }

  private func traits(_ kind: Device.Kind, _ method: BF16Method? = nil) -> KernelTraits {
    var traits = KernelTraits(device: device, as: kind)
    if let method { (traits.operands, traits.bf16Method) = (.bfloat16, method) }
    return traits
  }

  @Test("a CPU device multiplies in panels, in AMX where it has it; few rows of a layer are read once")
  func panels() {
    #expect(ways(traits(.cpu), capacity: 512) == ["panel", "panel", "panel"])
    #expect(ways(traits(.cpu), capacity: 512, rows: 8) == ["few_rows_cpu", "panel", "panel"])
    #expect(ways(traits(.cpu), capacity: 512, rows: 9) == ["panel", "panel", "panel"])
    #expect(ways(traits(.cpu, .rounding), capacity: 512) == ["panel", "panel", "panel"])
    #expect(ways(traits(.cpu, .amx), capacity: 512) == ["amx", "amx", "amx"])
    #expect(ways(traits(.cpu, .amx), capacity: 8) == ["few_rows_cpu", "amx", "amx"])
  }

  @Test("a GPU multiplies in tiles, and bf16 in its matrix units where the plan has rows enough")
  func tiles() {
    #expect(ways(traits(.gpu), capacity: 512) == ["tile", "tile", "tile"])
    #expect(ways(traits(.gpu), capacity: 512, rows: 3) == ["few_rows_gpu", "tile", "tile"])
    #expect(ways(traits(.gpu, .mma), capacity: 512) == ["mma", "mma", "mma"])
    #expect(ways(traits(.gpu, .wmma), capacity: 512) == ["units", "units", "units"])
    // A plan of few rows: the layer's two products have too few, the weight's gradient has a row for each of its columns.
    #expect(ways(traits(.gpu, .mma), capacity: 63) == ["tile", "tile", "mma"])
    #expect(ways(traits(.gpu, .rounding), capacity: 512) == ["tile", "tile", "tile"])
  }

  @Test("CLBlast multiplies floats; what it cannot goes the tiles' way")
  func library() {
    var floats = traits(.gpu)
    floats.matmulFamily = .clblast
    #expect(ways(floats, capacity: 512, rows: 1) == ["clblast", "clblast", "clblast"])
    var rounded = traits(.gpu, .rounding)
    rounded.matmulFamily = .clblast
    #expect(ways(rounded, capacity: 512, rows: 1) == ["few_rows_gpu", "tile", "tile"])
  }

  @Test("a class that was tuned has its own family and sizes")
  func tuned() {
    var traits = traits(.cpu)
    traits.tunedProducts[.nn] = MatmulParameters(.tile)
    #expect(ways(traits, capacity: 512) == ["panel", "tile", "panel"])
  }

  @Test("a plan of few rows needs no memory to pack in")
  func scratch() {
    let graph = Graph(rowCapacity: 8)
    let product = graph.input("x", graph.rows(512)).linear(graph.input("weight", Shape([64, 512])))
    #expect(Plan(graph, outputs: [product], traits: traits(.cpu)).scratch == [nil])
  }
}
