import GPUTensor
import TestSupport
import Testing

@Suite("Rows of a batch")
struct BatchRowsTests {
  @Test("two samples that overlap in the stream; by hand", arguments: ExecutorChoice.all)
  func byHand(_ choice: ExecutorChoice) throws {
    // Stream: 5 6 7 8 9 4; only the labels 7, 8 and 4 are supervised. Samples: 6 7 8, and 8 9 4, whose last token has
    // no row.
    let test = TestGraph(rowCapacity: 5)
    let stream = Shape([6])
    let batch = test.graph.batchRows(
      ids: test.ints(stream, [5, 6, 7, 8, 9, 4]), labels: test.ints(stream, [-100, -100, 7, 8, -100, 4]),
      segments: test.ints(Shape([2, 4]), [1, 0, 3, 3, 3, 3, 2, 3]))
    let table = test.parameter(10, 1, values: (0..<10).map(Float.init))
    // With logits 0 ... 9 a target's loss is ln Σ e^v − target, which shows the target.
    let losses = test.parameter(test.graph.rows(1), [1, 1, 1, 1, 1])
      .linearCrossEntropy(weight: table, targets: batch.targets).rows
    var scalars = ReplayScalars()
    scalars.segmentCount = 2
    let values = try test.run(
      table.embedding(batch.ids), table.embedding(batch.positions), table.embedding(batch.keyStart),
      table.embedding(batch.keyEnd), table.embedding(batch.queryEnd), losses, on: try choice.make(), scalars: scalars)
    #expect(values[0] == [6, 7, 8, 8, 9])
    #expect(values[1] == [0, 1, 2, 0, 1])
    #expect(values[2] == [0, 0, 0, 3, 3])
    #expect(values[3] == [1, 2, 3, 4, 5])
    #expect(values[4] == [3, 3, 3, 5, 5])
    let logSum = Double.log((0..<10).reduce(0) { $0 + Double.exp(Double($1)) })
    // Row 2 ends its sample; row 3 reads 8, and its next token 9 is not supervised.
    #expect(largestDifference(values[5], [logSum - 7, logSum - 8, 0, 0, logSum - 4]) < 1e-6, "\(values[5])")
  }

  @Test("each row counts what its sample does; by hand", arguments: ExecutorChoice.all)
  func weights(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 5)
    let weights = test.graph.batchWeights(
      test.parameter(6, values: [9, 0.5, 0.5, 0.5, 2, 2]),
      segments: test.ints(Shape([2, 4]), [1, 0, 3, 3, 4, 3, 2, 2]))
    var scalars = ReplayScalars()
    scalars.segmentCount = 2
    #expect(try test.run(weights, on: try choice.make(), scalars: scalars) == [[0.5, 0.5, 0.5, 2, 2]])
  }

  @Test("the rows that have a target, and none at all; by hand", arguments: ExecutorChoice.all)
  func selectedTargets(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 5)
    let selection = test.graph.selectTargets(test.ints([-100, 3, -100, 0, 7]))
    let table = test.parameter(10, 1, values: (0..<10).map(Float.init))
    let outputs = [table.embedding(selection.rows), table.embedding(selection.targets)]
    let prepared = try test.prepare(outputs: outputs, on: try choice.make())
    try prepared.run(targets: 3)
    #expect(try prepared.read(outputs[0], targets: 3) == [1, 3, 4])
    #expect(try prepared.read(outputs[1], targets: 3) == [3, 0, 7])
    try prepared.run(rows: 3, targets: 1)
    #expect(try prepared.read(outputs[0], rows: 3, targets: 1) == [1])
    try prepared.run(rows: 1, targets: 0)
  }

  @Test("in a window of two rows a row sees itself and the one before; by hand", arguments: ExecutorChoice.all)
  func windows(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 5)
    let ints = [[0, 0, 0, 3, 3], [1, 2, 3, 4, 5], [3, 3, 3, 5, 5]].map(test.ints)
    let rows = RowTensors([ints[0], ints[0], ints[0]] + ints).windowed(2)
    let table = test.parameter(10, 1, values: (0..<10).map(Float.init))
    let values = try test.run(
      table.embedding(rows.keyStart), table.embedding(rows.keyEnd), table.embedding(rows.queryEnd),
      on: try choice.make())
    #expect(values == [[0, 0, 1, 3, 3], [1, 2, 3, 4, 5], [2, 3, 3, 5, 5]])
  }
}
