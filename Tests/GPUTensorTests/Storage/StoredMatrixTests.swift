import Foundation
import GPUTensor
import TestSupport
import Testing

@Suite("Matrices in blocks")
struct StoredMatrixTests {
  /// Tests/Goldens/bitsandbytes/blocks.json, written by generate_bitsandbytes.py.
  private struct Golden: Decodable {
    struct NF4: Decodable {
      let codes: Data
      let levels: Data
      let scales: Data
      let mean: Data
      let values: Data
    }

    struct Int8: Decodable {
      let bytes: Data
      let absmax: Data
      let values: Data
    }

    let stride: Int
    let nf4: NF4
    let int8: Int8

    static func load() throws -> Golden {
      try LlamaGolden.decode(Golden.self, from: TestData.golden("bitsandbytes/blocks.json"))
    }
  }

  /// A matrix [rows, 64] of stored bytes, widened to floats by an executor.
  private static func widened(_ bytes: [UInt8], _ dtype: DType, rows: Int, on executor: any Executor) throws -> [Float]
  {
    let graph = Graph(rowCapacity: rows)
    let matrix = Variable(name: "matrix", shape: Shape([rows, 64]), dtype: dtype)
    let ids = graph.input("ids", graph.rows(), dtype: .int32)
    let out = graph.variable(matrix).embedding(ids)
    let plan = executor.plan(graph, outputs: [out])
    try executor.prepare([plan])
    try bytes.withUnsafeBytes { try executor.write(stored: $0, to: matrix) }
    try executor.run(plan, ReplayArguments(rows: rows, inputs: [(ids, .ints((0..<Int32(rows)).map { $0 }))]))
    return try executor.read(out, of: plan, rows: rows)
  }

  private static func sample(_ values: [Float], every stride: Int) -> [UInt32] {
    Swift.stride(from: 0, to: values.count, by: stride).map { values[$0].bitPattern }
  }

  @Test("nf4 widens to bitsandbytes' numbers, to the last bit", arguments: ExecutorChoice.all)
  func nf4(_ choice: ExecutorChoice) throws {
    let golden = try Golden.load()
    let parts = NF4Blocks.Parts(
      codes: Array(golden.nf4.codes), levels: Array(golden.nf4.levels), scales: golden.nf4.scales.floats,
      mean: golden.nf4.mean.floats[0])
    let values = try Self.widened(parts.assembled(), .nf4, rows: 260, on: try choice.make())
    #expect(Self.sample(values, every: golden.stride) == golden.nf4.values.floats.map(\.bitPattern))
  }

  @Test("int8 widens to bitsandbytes' numbers, to the last bit", arguments: ExecutorChoice.all)
  func int8(_ choice: ExecutorChoice) throws {
    let golden = try Golden.load()
    var bytes: [UInt8] = []
    for (block, absmax) in golden.int8.absmax.floats.enumerated() {
      withUnsafeBytes(of: absmax) { bytes += $0 }
      bytes += golden.int8.bytes.dropFirst(block * 64).prefix(64)
    }
    let values = try Self.widened(bytes, .int8, rows: 260, on: try choice.make())
    #expect(Self.sample(values, every: golden.stride) == golden.int8.values.floats.map(\.bitPattern))
  }

  @Test(
    "GGUF's blocks widen to the gguf package's numbers, to the last bit",
    arguments: [DType.q8_0, .q4_0, .q4_1], ExecutorChoice.all)
  func gguf(_ dtype: DType, _ choice: ExecutorChoice) throws {
    let name = dtype.rawValue.uppercased()
    let expected = try Data(contentsOf: TestData.golden("quants/\(name).f32")).floats
    let blocks = Array(try Data(contentsOf: TestData.golden("quants/\(name).blocks")))
    let values = try Self.widened(blocks, dtype, rows: expected.count / 64, on: try choice.make())
    #expect(values.map(\.bitPattern) == expected.map(\.bitPattern))
  }

  @Test("each number becomes the nearest that its block holds", arguments: [DType.int8, .nf4])
  func nearest(_ dtype: DType) throws {
    // Weights of the first golden's sizes, not yet rounded by any format.
    var random = SeededGenerator(seed: 3)
    let values = (0..<260 * 64).map { Float.random(in: -1...1, using: &random) * exp(Float($0 / 64) / 60) }
    let bytes = values.withUnsafeBufferPointer(dtype.encode)
    #expect(bytes.count == dtype.byteCount(values.count))
    let found = try Self.widened(bytes, dtype, rows: 260, on: CPUExecutor<Float>())
    let absmaxes = (0..<260).map { values[$0 * 64..<($0 + 1) * 64].map(abs).max() ?? 0 }
    let mean = absmaxes.reduce(0, +) / 260
    for block in 0..<260 {
      // int8: half a step of absmax / 127. nf4: half the widest gap between its quantiles, plus the error of the 8-bit
      // absmax: half the widest gap between levels, times the group's largest |absmax − mean|.
      let group = absmaxes[block / 256 * 256..<min(260, (block / 256 + 1) * 256)]
      let spread = group.map { abs($0 - mean) }.max() ?? 0
      let bound = dtype == .int8 ? absmaxes[block] * 0.5 / 127 : absmaxes[block] * 0.1520 + spread * 0.00706
      let error = (block * 64..<(block + 1) * 64).map { abs(found[$0] - values[$0]) }.max() ?? .infinity
      #expect(error <= bound * 1.0001, "block \(block)")
    }
  }

  @Test(
    "a number that is not finite spoils its block of int8, and of nf4 at most its group",
    arguments: [DType.int8, .nf4])
  func spoiled(_ dtype: DType) throws {
    var values = (0..<520 * 64).map { Float($0 % 64 - 32) }
    values[70] = .infinity
    values[64 * 300 + 1] = .nan
    let bytes = values.withUnsafeBufferPointer(dtype.encode)
    let found = try Self.widened(bytes, dtype, rows: 520, on: CPUExecutor<Float>())
    #expect(found[64..<128].allSatisfy { $0.isNaN } && found[64 * 300..<64 * 301].allSatisfy { $0.isNaN })
    #expect(found[64 * 512..<64 * 520].allSatisfy { $0.isFinite })
    if dtype == .int8 { #expect(found[0..<64].allSatisfy { $0.isFinite }) }
  }

  @Test("bytes a number: 2, a little over 1, a little over a half")
  func sizes() {
    #expect(DType.bfloat16.byteCount(4096) == 8192)
    #expect(DType.int8.byteCount(4096 * 4096) == 4096 * 4096 * 68 / 64)
    let nf4 = Double(DType.nf4.byteCount(4096 * 4096)) / (4096 * 4096)
    #expect(nf4 > 0.516 && nf4 < 0.517)
    #expect(DType.q8_0.byteCount(64) == 68 && DType.q4_0.byteCount(64) == 36 && DType.q4_1.byteCount(64) == 40)
  }
}
