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

  @Test("a batch is as many products; by hand")
  func batch() throws {
    let test = TestGraph()
    let a = test.parameter(2, 1, 2, values: [1, 2, 3, 4])
    let b = test.parameter(2, 2, 1, values: [5, 6, 7, 8])
    #expect(try test.run(a.matmul(b)) == [[17, 53]])
  }
}
