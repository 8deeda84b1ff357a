import GPUTensor
import TestSupport
import Testing

@Suite("Caches of rows")
struct CacheRowsTests {
  @Test("rows land at the run's offset, and what stands elsewhere stays; by hand", arguments: ExecutorChoice.all)
  func byHand(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 3)
    let x = test.parameter(test.graph.rows(2), [1, 2, 3, 4, 5, 6])
    let cache = test.parameter(5, 2, values: [Float](repeating: 9, count: 10))
    x.append(toCache: cache)
    // Nodes that follow read the cache as it then is.
    let doubled = cache.scaled(by: 2)
    let prepared = try test.prepare(outputs: [doubled], on: try choice.make())
    var scalars = RunScalars()
    scalars.cacheOffset = 1
    try prepared.run(rows: 2, scalars: scalars)
    #expect(try prepared.read(cache) == [9, 9, 1, 2, 3, 4, 9, 9, 9, 9])
    #expect(try prepared.read(doubled) == [18, 18, 2, 4, 6, 8, 18, 18, 18, 18])
    scalars.cacheOffset = 4
    try prepared.run(rows: 1, scalars: scalars)
    #expect(try prepared.read(cache) == [9, 9, 1, 2, 3, 4, 9, 9, 1, 2])
  }
}
