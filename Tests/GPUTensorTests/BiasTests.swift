import GPUTensor
import TestSupport
import Testing

@Suite("Bias")
struct BiasTests {
  static let operation = OperationTesting("bias")

  @Test("devices agree with the CPU loops", .onOpenCL, arguments: operation.variants)
  func parity(_ variant: DeviceVariant) throws {
    let wrong = try Self.operation.disagreements(variant)
    #expect(wrong == [])
  }

  @Test("the bits repeat, in shared and in isolated memory", .onOpenCL, arguments: operation.variants)
  func repeatability(_ variant: DeviceVariant) throws {
    let wrong = try Self.operation.differences(variant)
    #expect(wrong == [])
  }

  @Test("gradients are what central differences measure")
  func gradients() throws {
    let wrong = try Self.operation.wrongGradients()
    #expect(wrong == [])
  }

  @Test("one bias for every row, and its gradient sums over them; by hand", arguments: ExecutorChoice.all)
  func byHand(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 2)
    let x = test.parameter(test.graph.rows(3), [1, 2, 3, 4, 5, 6])
    let bias = test.parameter(3, values: [10, 20, 30])
    let seed = test.parameter(test.graph.rows(3), [1, 2, 3, 40, 50, 60])
    let out = x.biased(by: bias)
    let gradients = test.graph.gradients(of: out, with: [x, bias], seed: seed)
    let values = try test.run(out, gradients[0], gradients[1], on: try choice.make())
    #expect(values == [[11, 22, 33, 14, 25, 36], [1, 2, 3, 40, 50, 60], [41, 52, 63]])
  }
}
