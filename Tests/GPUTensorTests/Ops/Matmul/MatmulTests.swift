import GPUTensor
import TestSupport
import Testing

@Suite("Matrix products")
struct MatmulTests {
  @Test("two by two, in all four transposes; by hand")
  func byHand() throws {
    // A = (1 2; 3 4), B = (5 6; 7 8).
    let expected: [(a: Bool, b: Bool, product: [Double])] = [
      (false, false, [19, 22, 43, 50]), (false, true, [17, 23, 39, 53]), (true, false, [26, 30, 38, 44]),
      (true, true, [23, 31, 34, 46]),
    ]
    for (transposeA, transposeB, product) in expected {
      let test = TestGraph()
      let a = test.parameter(2, 2, values: [1, 2, 3, 4])
      let b = test.parameter(2, 2, values: [5, 6, 7, 8])
      let c = a.matmul(b, transposeSelf: transposeA, transposeOther: transposeB)
      #expect(try test.run(c) == [product], "transposes \(transposeA), \(transposeB)")
    }
  }

  @Test("a long sum of like numbers keeps its digits", arguments: ExecutorChoice.all)
  func longSums(_ choice: ExecutorChoice) throws {
    let (m, n, k) = (32, 48, 1536)
    var random = SeededGenerator(seed: 1)
    func values(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: 0.5..<1.5, using: &random) } }
    let (left, right) = (values(m * k), values(n * k))
    let test = TestGraph()
    let product = test.parameter(m, k, values: left).linear(test.parameter(n, k, values: right))
    let found = try test.run(product, on: try choice.make())[0]
    var squares = 0.0
    for (index, value) in found.enumerated() {
      let (row, column) = (index / n, index % n)
      let exact = (0..<k).reduce(0.0) { $0 + Double(left[row * k + $1]) * Double(right[column * k + $1]) }
      squares += (value / exact - 1) * (value / exact - 1)
    }
    // Root mean square errors: chains of 96 terms 0.7e-7, of 512 1.7e-7, one of 1,536 5.9e-7.
    #expect((squares / Double(found.count)).squareRoot() < 1.2e-7)
  }

  @Test("a batch is as many products; by hand")
  func batch() throws {
    let test = TestGraph()
    let a = test.parameter(2, 1, 2, values: [1, 2, 3, 4])
    let b = test.parameter(2, 2, 1, values: [5, 6, 7, 8])
    #expect(try test.run(a.matmul(b)) == [[17, 53]])
  }
}
