import GPUTensor
import TestSupport
import Testing

@Suite("bfloat16")
struct CastTests {
  @Test("rounds to nearest, ties to even; by hand", arguments: ExecutorChoice.all)
  func byHand(_ choice: ExecutorChoice) throws {
    // Adjacent bf16 numbers at 1 differ by 2⁻⁷: 1 + 2⁻⁸ lies between an even and an odd one, 1 + 3 · 2⁻⁸ between odd
    // and even.
    let (half, ulp) = (Float(0x1p-8), Double(0x1p-7))
    let pairs: [(Float, Double)] = [
      (1 + half, 1), (1 + half + 0x1p-20, 1 + ulp), (1 + 3 * half, 1 + 2 * ulp), (-1 - half, -1), (0, 0),
      (.infinity, .infinity), (-.infinity, -.infinity), (.greatestFiniteMagnitude, .infinity), (0x1.fep127, 0x1.fep127),
    ]
    let test = TestGraph(rowCapacity: 1)
    let x = test.parameter(test.graph.rows(pairs.count), pairs.map(\.0))
    #expect(try test.run(x.cast(to: .bfloat16).cast(to: .float32), on: try choice.make())[0] == pairs.map(\.1))
  }

  @Test("NaN stays NaN, also one whose payload lies in the half that is cut off", arguments: ExecutorChoice.all)
  func nan(_ choice: ExecutorChoice) throws {
    let test = TestGraph(rowCapacity: 1)
    let x = test.parameter(test.graph.rows(2), [.nan, Float(bitPattern: 0x7F80_0001)])
    let values = try test.run(x.cast(to: .bfloat16).cast(to: .float32), on: try choice.make())[0]
    #expect(values.allSatisfy { $0.isNaN })
  }
}
