import GPUTensor
import TestSupport
import Testing

@Suite("Caches of rows")
struct CacheRowsTests {
  @Test("rows land at their places, and what stands elsewhere stays; by hand", arguments: ExecutorChoice.all)
  func byHand(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 3)
    let x = test.parameter(test.graph.rows(2), [1, 2, 3, 4, 5, 6])
    let places = test.graph.input("places", test.graph.rows(), dtype: .int32)
    let cache = test.parameter(5, 2, values: [Float](repeating: 9, count: 10))
    x.append(toCache: cache, places: places)
    // Nodes recorded later read the updated cache.
    let doubled = cache.scaled(by: 2)
    let prepared = try test.prepare(outputs: [doubled], on: try choice.make())
    try prepared.run(rows: 2, inputs: [(places, .ints([3, 1]))])
    #expect(try prepared.read(cache) == [9, 9, 3, 4, 9, 9, 1, 2, 9, 9])
    #expect(try prepared.read(doubled) == [18, 18, 6, 8, 18, 18, 2, 4, 18, 18])
    try prepared.run(rows: 1, inputs: [(places, .ints([4]))])
    #expect(try prepared.read(cache) == [9, 9, 3, 4, 9, 9, 1, 2, 1, 2])
  }
}
