import Foundation
import GPUTensor
import TestSupport
import Testing

@Suite("Moments in fewer bits")
struct MomentBlocksTests {
  private static func decoded(_ bytes: [UInt8], _ dtype: DType, count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { values, initialized in
      bytes.withUnsafeBytes { dtype.decode($0, into: UnsafeMutableBufferPointer(rebasing: values[..<count])) }
      initialized = count
    }
  }

  /// Blocks of all magnitudes, each with numbers down to a millionth of its largest; the last block is short.
  private static func values(_ dtype: DType) -> [Float] {
    var random = SeededGenerator(seed: 3)
    return (0..<20 * 256 + 77).map { index in
      let size = pow(10, Float(index / 256 * 2 - 26)) * pow(10, Float.random(in: -6...0, using: &random))
      return dtype == .moment1 && Bool.random(using: &random) ? -size : size
    }
  }

  @Test("what was rounded once stays: a checkpoint keeps every bit", arguments: [DType.moment1, .moment2])
  func idempotent(_ dtype: DType) {
    let values = Self.values(dtype)
    let bytes = values.withUnsafeBufferPointer(dtype.encode)
    #expect(bytes.count == 21 * 260)
    let rounded = Self.decoded(bytes, dtype, count: values.count)
    #expect(rounded.withUnsafeBufferPointer(dtype.encode) == bytes)
  }

  @Test("the largest of a block is exact, others err by a sixteenth, the least become 0 or the least code")
  func errors() {
    for (dtype, range) in [(DType.moment1, Float(0x1p-15)), (.moment2, 0x1p-31)] {
      let values = Self.values(dtype)
      let rounded = Self.decoded(values.withUnsafeBufferPointer(dtype.encode), dtype, count: values.count)
      for first in stride(from: 0, to: values.count, by: 256) {
        let block = first..<min(first + 256, values.count)
        let largest = block.map { abs(values[$0]) }.max() ?? 0
        #expect(block.map { abs(rounded[$0]) }.max() == (largest < 1e-28 ? 0 : largest))
        for index in block where largest >= 1e-28 {
          let (value, found) = (values[index], rounded[index])
          let bound = abs(value) > 1.125 * range * largest ? abs(value) / 16 : 1.125 * range * largest
          #expect(abs(found - value) <= bound * 1.000_001, "\(value) became \(found), the largest is \(largest)")
        }
      }
    }
  }

  @Test("zeros stay zeros, and a number that is none spoils its own block alone")
  func special() {
    var values = [Float](repeating: 0, count: 512)
    let zeros = values.withUnsafeBufferPointer(DType.moment1.encode)
    #expect(zeros.allSatisfy { $0 == 0 })
    values[3] = .infinity
    values[300] = 2
    let read = Self.decoded(values.withUnsafeBufferPointer(DType.moment1.encode), .moment1, count: 512)
    #expect(read[..<256].allSatisfy(\.isNaN) && read[300] == 2 && read[400] == 0)
  }

  @Test(
    "rounding at random loses nothing on average", arguments: [OptimizerMoments.bfloat16, .blocks],
    ExecutorChoice.all)
  func unbiased(_ moments: OptimizerMoments, _ choice: ExecutorChoice) throws {
    // 4,000 blocks of one large gradient, which sets the scale, and 255 equal smaller ones, also below the least code.
    for gradient: Float in [0.7, 0.013, 2e-4, 1e-5] {
      let shape = Shape([4000 * 256])
      let graph = Graph(rowCapacity: 1)
      let variables = [DType.float32, moments.dtypes.first, moments.dtypes.second, .float32].map {
        Variable(name: "v", shape: shape, dtype: $0)
      }
      let tensors = variables.map(graph.variable)
      let norm = Variable(name: "norm", shape: Shape([1]))
      graph.adamW(
        parameter: tensors[0], m: tensors[1], v: tensors[2], gradient: tensors[3], norm: graph.variable(norm),
        settings: AdamWSettings(beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, maxGradNorm: 0))
      let executor = try choice.make()
      let plan = executor.plan(graph, outputs: [])
      try executor.prepare([plan])
      try executor.write(.floats((0..<shape.count).map { $0 % 256 == 0 ? 1 : gradient }), to: variables[3], at: 0)
      try executor.run(plan, ReplayArguments(rows: 1))
      for (variable, exact) in [
        (variables[1], 0.1 * Double(gradient)), (variables[2], 0.05 * pow(Double(gradient), 2)),
      ] {
        let found = try executor.read(variable).enumerated().filter { $0.offset % 256 != 0 }.map { Double($0.element) }
        let mean = found.reduce(0, +) / Double(found.count)
        let variance = found.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(found.count)
        // Six standard errors, plus the float rounding of the constants.
        let bound = 6 * (variance / Double(found.count)).squareRoot() + 1e-6 * exact
        #expect(abs(mean - exact) < bound, "\(variable.dtype): mean \(mean), exact \(exact)")
        #expect(Set(found).count <= 2)
      }
    }
  }
}
