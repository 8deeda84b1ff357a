import GPUTensor
import TestSupport
import Testing

@Suite("Dropout")
struct DropoutTests {
  private static func run(_ rate: Double, stream: Int = 1, on choice: ExecutorChoice) throws -> [Double] {
    let test = TestGraph(rowCapacity: 100)
    let x = test.parameter(test.graph.rows(101), [Float](repeating: 1, count: 10100))
    return try test.run(x.dropout(rate: rate, stream: stream), on: try choice.make())[0]
  }

  @Test(
    "the share that is dropped is the rate, the rest is scaled up; every row and stream has a mask of its own",
    arguments: ExecutorChoice.all)
  func share(_ choice: ExecutorChoice) throws {
    for rate in [0.05, 0.25, 0.5] {
      let out = try Self.run(rate, on: choice)
      let dropped = out.count { $0 == 0 }
      // Four standard deviations of a binomial count.
      #expect(abs(Double(dropped) - rate * 10100) < 4 * (10100 * rate * (1 - rate)).squareRoot())
      #expect(out.allSatisfy { $0 == 0 || abs($0 - 1 / (1 - rate)) < 1e-6 })
    }
    let half = try Self.run(0.5, on: choice)
    #expect(half[..<101] != half[101..<202])
    let other = try Self.run(0.5, stream: 2, on: choice)
    // Two masks agree on about half of the elements.
    let same = zip(half, other).count { $0 == $1 }
    #expect(abs(Double(same) - 5050) < 4 * 50.3)
  }

  @Test("rate 0 changes nothing", arguments: ExecutorChoice.all)
  func none(_ choice: ExecutorChoice) throws {
    #expect(try Self.run(0, on: choice) == [Double](repeating: 1, count: 10100))
  }
}
