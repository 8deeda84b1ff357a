import GPUTensor
import TestSupport
import Testing

@Suite("Softmax")
struct SoftmaxTests {
  @Test("of (0, ln 2) is (1/3, 2/3), and of equal large values even; by hand")
  func byHand() throws {
    let test = TestGraph(rowCapacity: 2)
    let out = try test.run(test.parameter(test.graph.rows(2), [0, Float.log(2), 1000, 1000]).softmax())[0]
    #expect(largestDifference(out, [1 / 3, 2 / 3, 0.5, 0.5]) < 1e-8, "ln 2 is rounded to a float: \(out)")
  }

  @Test("masked scores take no weight, and one score alone takes all of it", arguments: ExecutorChoice.all)
  func infinities(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 2)
    let x = test.parameter(test.graph.rows(3), [-.infinity, 3, -.infinity, 0, -.infinity, 0])
    #expect(try test.run(x.softmax(), on: try choice.make())[0] == [0, 1, 0, 0.5, 0, 0.5])
  }
}
