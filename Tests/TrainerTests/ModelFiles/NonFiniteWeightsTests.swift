import Foundation
import GPUTensor
import TestSupport
import Testing

import Trainer

@Suite("Weights that hold NaN or infinities")
struct NonFiniteWeightsTests {
  private static let name = "model.layers.1.mlp.up_proj.weight"

  /// A model with two spoilt numbers in one weight: at 5 an infinity, at 9 NaN.
  private struct Spoilt: ModelSource {
    let whole: any ModelSource
    var configuration: LlamaConfiguration { whole.configuration }
    var url: URL { whole.url }
    var tokenizerFiles: TokenizerFiles { .none }
    var format: String { "test" }

    func stored(_ name: String) -> StoredTensor? { whole.stored(name) }

    func withRows<R>(
      _ rows: Range<Int>, of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R
    ) throws -> R {
      var values = try whole.withRows(rows, of: name) { Array($0) }
      if name == NonFiniteWeightsTests.name, rows.contains(1) {
        values[5] = -.infinity
        values[9] = .nan
      }
      return try values.withUnsafeBufferPointer(body)
    }
  }

  private func expectRefusal(_ count: String = "1 NaN and 1 infinite", _ body: () throws -> Void) {
    let error = checkpointError(body)
    #expect(error?.kind == .invalid)
    #expect(error?.problem.contains(Self.name) == true && error?.problem.contains(count) == true, "\(error as Any)")
  }

  private func spoilt(_ scratch: CheckpointScratch) throws -> Spoilt {
    try SmallLlama().writeHuggingFace(to: scratch.url.appending(path: "model"))
    return Spoilt(whole: try openModel(at: scratch.url.appending(path: "model")))
  }

  @Test("are refused, named and counted, wherever weights are read; nothing is written")
  func everyWay() throws {
    let scratch = try CheckpointScratch()
    let model = try spoilt(scratch)
    expectRefusal { _ = try model.tensor(Self.name) }
    expectRefusal { try load(model, [:]) }
    expectRefusal { try load(model, [Self.name: .bfloat16]) }
    let folder = scratch.url.appending(path: "out")
    expectRefusal { try HuggingFaceWriter.write(model, to: folder) }
    let file = scratch.url.appending(path: "out.gguf")
    expectRefusal { try GGUFWriter.write(model, as: .float32, vocabulary: nil, to: file) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["model"])
  }

  private func load(_ source: any ModelSource, _ types: [String: DType]) throws {
    let executor = CPUExecutor<Float>()
    let weights = LlamaWeights(source.configuration, types: types, limits: AllocationLimits(of: executor))
    try executor.allocate(weights.slabs)
    try weights.load(from: source, into: executor)
  }

  @Test("are found in a file's own blocks, whose scales are halves", arguments: [DType.q8_0, .q4_0, .q4_1])
  func blocks(_ dtype: DType) throws {
    var small = SmallLlama()
    small.configuration = LlamaConfiguration(
      vocabSize: 12, hiddenSize: 32, intermediateSize: 64, numHiddenLayers: 2, numAttentionHeads: 2,
      numKeyValueHeads: 1, maxPositionEmbeddings: 6, rmsNormEps: 1e-5)
    let number: [DType: UInt32] = [.q8_0: 8, .q4_0: 2, .q4_1: 3]
    for (half, count) in [(UInt16(0x3C00), nil), (0x7E00, "NaN"), (0xFC00, "infinite")] as [(UInt16, String?)] {
      var bytes = Data(repeating: 0x33, count: dtype.byteCount(64 * 32))
      let last = bytes.count - dtype.byteCount(32)
      // Every scale, and q4_1's minimum, is 1; the last block's first half is the spoilt one.
      for block in stride(from: 0, to: bytes.count, by: dtype.byteCount(32)) {
        bytes.replaceSubrange(block..<block + 4, with: Data.of(UInt16(0x3C00)) + Data.of(UInt16(0x3C00)))
      }
      bytes.replaceSubrange(last..<last + 2, with: Data.of(half))
      var builder = small.gguf()
      builder.replace("blk.1.ffn_up.weight", [64, 32], try #require(number[dtype]), bytes)
      let scratch = try CheckpointScratch()
      let model = try openModel(at: scratch.write(builder.data(), "model.gguf"))
      guard let count else {
        #expect(throws: Never.self) { try load(model, [Self.name: dtype]) }
        continue
      }
      expectRefusal(count) { try load(model, [Self.name: dtype]) }
      expectRefusal(count) { _ = try model.tensor(Self.name) }
    }
  }

  @Test("are found in an adapter, in its matrices and in the weights it saves")
  func adapters() throws {
    for (adapter, key) in [
      ("all-linear", "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight"),
      ("saved", "base_model.model.model.norm.weight"),
    ] {
      let scratch = try CheckpointScratch()
      let folder = scratch.url.appending(path: "adapter")
      try FileManager.default.copyItem(at: TestData.golden("peft/" + adapter), to: folder)
      let weights = folder.appending(path: "adapter_model.safetensors")
      let entry = try #require(try SafetensorsFile(weights).entry(key))
      var bytes = try Data(contentsOf: weights)
      bytes.replaceSubrange(entry.byteRange.lowerBound..<entry.byteRange.lowerBound + 4, with: Data.of(Float.nan))
      try bytes.write(to: weights)
      let error = checkpointError {
        let model = try openModel(at: TrainingGolden.model, adapter: folder)
        for name in model.tensorNames { _ = try model.tensor(name) }
      }
      #expect(error?.path == weights.path && error?.problem.contains("1 NaN") == true, "\(error as Any)")
    }
  }
}
