import GPUTensor
import TestSupport
import Testing

@Suite("Recording")
struct GraphTests {
  @Test("calling ops records nodes, and runs nothing")
  func recording() {
    let graph = Graph(rowCapacity: 4)
    let x = graph.input("x", graph.rows(3))
    let y = (x + x).softmax()
    #expect(graph.nodes.map(\.operation.name) == ["elementwise", "softmax"])
    #expect(graph.nodes[1].inputs == graph.nodes[0].outputs)
    #expect(y.shape == Shape([4, 3], scalesWithRows: true))
    #expect(y.dtype == .float32)
  }

  @Test("a variable has one tensor in a graph, however often it is asked for")
  func variables() {
    let graph = Graph(rowCapacity: 1)
    let weight = Variable(name: "weight", shape: Shape([2, 3]))
    #expect(graph.variable(weight).id == graph.variable(weight).id)
    #expect(graph.variable(Variable(name: "weight", shape: Shape([2, 3]))).id != graph.variable(weight).id)
  }

  @Test("shapes follow the rows: products, picks and sums")
  func shapes() {
    let graph = Graph(rowCapacity: 6)
    let x = graph.input("x", graph.rows(3))
    let weight = graph.variable(Variable(name: "weight", shape: Shape([5, 3])))
    let ids = graph.input("ids", graph.rows(), dtype: .int32)
    #expect(x.linear(weight).shape == graph.rows(5))
    #expect(weight.embedding(ids).shape == graph.rows(3))
    #expect(x.sumRows().shape == Shape([3]))
    #expect(x.sum().shape == Shape([1]))
    #expect(x.linear(weight).matmul(x, transposeSelf: true).shape == Shape([5, 3]), "rows are summed over")
    #expect(x.cast(to: .bfloat16).dtype == .bfloat16)
    #expect(graph.rows(3).description == "[≤6, 3]")
  }

  @Test("a shape counts what a run uses")
  func counts() {
    let counts = RowCounts(rows: 2, targets: 1)
    #expect(Shape([7, 3], scalesWithRows: true).count(counts) == 6)
    #expect(Shape([7, 3], extent: .targets).count(counts) == 3)
    #expect(Shape([7, 3]).count(counts) == 21)
    #expect(Shape([7, 3], scalesWithRows: true).withColumns(5).leading(counts) == 2)
  }

  @Test("what is recorded early comes behind what makes its inputs, and behind the last reader of what it writes")
  func early() throws {
    let graph = Graph(rowCapacity: 1)
    let (first, second) = (Variable(name: "first", shape: Shape([4])), Variable(name: "second", shape: Shape([4])))
    let (x, y) = (graph.variable(first), graph.variable(second))
    let a = x.scaled(by: 2)
    let b = a.scaled(by: 3)
    let c = (x + b).scaled(by: 5)
    graph.recordEarly {
      a.add(to: y)
      // Goes behind the sum, which reads x.
      b.add(to: x)
      // Goes behind the node that wrote y.
      y.add(to: x)
    }
    let sum = try #require(graph.nodes.first { $0.inputs == [x.id, b.id] }?.outputs.first)
    #expect(graph.nodes.map(\.outputs) == [[a.id], [y.id], [b.id], [sum], [x.id], [x.id], [c.id]])
    #expect(graph.nodes[4].inputs == [b.id] && graph.nodes[5].inputs == [y.id])
  }

  @Test("slabs: aligned members side by side, a new slab where one is full")
  func slabs() {
    // 300 floats start the slab, 10 more start at the next multiple of 256; 200 more would exceed 3000 bytes.
    let layout = SlabLayout(elementCounts: [300, 10, 200], maxBytes: 3000)
    #expect(layout.offsets == [0, 512, 0])
    #expect(layout.slabs.map(\.elementCount) == [522, 200])
    #expect(layout.slabs.map(\.members) == [0..<2, 2..<3])
    #expect(SlabLayout(elementCounts: [3, 4], maxBytes: 0).slabs.count == 2, "0: a slab each")
    #expect(SlabLayout(elementCounts: [3000], maxBytes: 100).slabs.count == 1, "one alone may pass the limit")
  }

  @Test("in the dtype of its layout each member begins at an aligned byte", arguments: DType.allCases)
  func aligned(_ dtype: DType) {
    let counts = [320, 64, 4160, 65536, 128]
    let layout = SlabLayout(elementCounts: counts, dtype: dtype, maxBytes: 1 << 20)
    let (slabs, variables) = layout.makeVariables(
      names: counts.map { "\($0)" }, shapes: counts.map { Shape([$0]) }, kind: "kind", dtype: dtype)
    #expect(slabs.count == (dtype.isBlocks ? counts.count : 1))
    for variable in variables {
      let place = variable.offset == 0 ? 0 : dtype.byteCount(variable.offset)
      #expect(place.isMultiple(of: SlabLayout.alignmentBytes), "\(variable.name): \(place)")
    }
  }

  @Test("members of a slab are read and written apart", arguments: ExecutorChoice.all)
  func members(_ choice: ExecutorChoice) throws {
    let executor = try choice.make()
    let layout = SlabLayout(elementCounts: [3, 2], maxBytes: 1 << 20)
    let (slabs, variables) = layout.makeVariables(
      names: ["a", "b"], shapes: [Shape([3]), Shape([2])], kind: "weights")
    try executor.allocate(slabs)
    #expect(try executor.read(variables[1]) == [0, 0], "memory starts as zeros")
    try executor.write(.floats([1, 2, 3]), to: variables[0], at: 0)
    try executor.write(.floats([9]), to: variables[1], at: 1)
    #expect(try executor.read(variables[0]) == [1, 2, 3])
    #expect(try executor.read(variables[1]) == [0, 9])
    #expect(try executor.read(variables[0], at: 1, count: 2) == [2, 3])

    let copy = Slab(name: "copy", elementCount: slabs[0].elementCount)
    try executor.allocate([copy])
    try executor.copy(from: slabs[0], to: copy)
    #expect(try executor.read(.whole(copy), at: 256, count: 2) == [0, 9])
    try executor.zero(slabs[0])
    #expect(try executor.read(variables[0]) == [0, 0, 0])
    #expect(try executor.read(.whole(copy), at: 0, count: 3) == [1, 2, 3])
  }
}
