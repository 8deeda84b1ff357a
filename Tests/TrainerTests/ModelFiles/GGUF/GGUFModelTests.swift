import Foundation
import Testing

import Trainer

@Suite struct GGUFModelTests {
  private func open(_ builder: GGUFBuilder) throws -> any ModelSource {
    let scratch = try CheckpointScratch()
    return try openModel(at: scratch.write(builder.data(), "m.gguf"))
  }

  private func problem(_ change: (inout GGUFBuilder) -> Void) throws -> FileError {
    var builder = SmallLlama().gguf()
    change(&builder)
    return try #require(checkpointError { _ = try open(builder) })
  }

  @Test func singlesAreTheWeightsBitForBit() throws {
    let small = SmallLlama()
    let model = try open(small.gguf())
    #expect(model.configuration == small.configuration)
    for name in model.tensorNames { #expect(try model.tensor(name) == small.weights(name), "\(name)") }
  }

  @Test func biasesAreBroughtIntoOrderToo() throws {
    var small = SmallLlama()
    small.configuration.attentionBias = .all
    small.configuration.mlpBias = true
    let model = try open(small.gguf())
    #expect(model.configuration == small.configuration)
    for name in model.tensorNames { #expect(try model.tensor(name) == small.weights(name), "\(name)") }
  }

  @Test func withoutAnOutputTensorTheEmbeddingsAreTied() throws {
    var builder = SmallLlama().gguf()
    builder.remove("output.weight")
    #expect(try open(builder).configuration.tieWordEmbeddings)
  }

  /// A query matrix of 64 columns in Q8_0: rows are widened straight to their place.
  @Test func quantisedQueryRowsAreBroughtIntoOrder() throws {
    var small = SmallLlama()
    small.configuration = LlamaConfiguration(
      vocabSize: 4, hiddenSize: 64, intermediateSize: 32, numHiddenLayers: 1, numAttentionHeads: 4,
      maxPositionEmbeddings: 8, rmsNormEps: 1e-5)
    var builder = small.gguf()
    // With d = 1/64 a block holds multiples of 1/64 up to 127/64: what the small model's weights are.
    let numbers = small.interleaved("model.layers.0.self_attn.q_proj.weight")
    var blocks = Data()
    for block in stride(from: 0, to: numbers.count, by: 32) {
      blocks += Data.of(Float16(0x1p-6).bitPattern)
      for number in numbers[block..<(block + 32)] { blocks += Data.of(Int8(number * 64)) }
    }
    builder.replace("blk.0.attn_q.weight", [64, 64], 8, blocks)
    let model = try open(builder)
    for name in model.tensorNames { #expect(try model.tensor(name) == small.weights(name), "\(name)") }
  }

  @Test func aVocabularyWithoutItsOwnCutsIsRemarkedOn() throws {
    func notes(_ model: String, _ pre: String?) -> [String] {
      VocabularyDescription(model: model, pre: pre, tokens: [], path: "m.gguf").notes
    }
    #expect(notes("gpt2", nil).count == 1 && notes("gpt2", nil)[0].hasPrefix("m.gguf: tokenizer.ggml.pre is missing"))
    #expect(notes("gpt2", "default").count == 1 && notes("gpt2", "default")[0].contains("is \"default\""))
    #expect(notes("gpt2", "gpt-2").isEmpty && notes("llama", nil).isEmpty)
  }

  @Test func theVocabularyIsRead() throws {
    var builder = SmallLlama().gguf()
    builder.add("tokenizer.ggml.pre", "smollm")
    builder.add("tokenizer.ggml.merges", ["a b", "Ġ t"])
    builder.add("tokenizer.ggml.bos_token_id", UInt32(3))
    builder.add("tokenizer.ggml.eos_token_id", UInt32(4))
    builder.add("tokenizer.ggml.eot_token_id", UInt32(5))
    builder.add("tokenizer.ggml.padding_token_id", UInt32.max)
    builder.add("tokenizer.ggml.add_bos_token", false)
    builder.add("tokenizer.chat_template", "{{ x }}")
    let scores = (0..<12).reduce(into: Data()) { $0 += Data.of(-Float($1)) }
    builder.add("tokenizer.ggml.scores", type: 9, Data.of(UInt32(6)) + Data.of(UInt64(12)) + scores)
    let model = try open(builder)
    guard case .gguf(let vocabulary) = model.tokenizerFiles else {
      Issue.record("no vocabulary")
      return
    }
    #expect(
      vocabulary
        == VocabularyDescription(
          model: "llama", pre: "smollm", tokens: (0..<12).map { "token\($0)" }, scores: (0..<12).map { -Float($0) },
          merges: ["a b", "Ġ t"], bosTokenID: 3, eosTokenID: 4, addBOS: false, chatTemplate: "{{ x }}",
          path: model.path))
    #expect(model.configuration.bosTokenID == 3)
    #expect(model.configuration.eosTokenIDs == [4, 5])
    #expect(model.configuration.padTokenID == nil)
  }

  @Test func whatCannotBeHonouredIsRefusedByName() throws {
    func check(_ word: String, _ change: (inout GGUFBuilder) -> Void) throws {
      let error = try problem(change)
      #expect(error.kind == .unsupported, "\(error)")
      #expect(error.problem.contains(word), "\(error)")
    }
    try check("falcon") {
      $0.removeKey("general.architecture")
      $0.add("general.architecture", "falcon")
    }
    try check("longrope") { $0.add("llama.rope.scaling.type", "longrope") }
    try check("expert_count") { $0.add("llama.expert_count", UInt32(8)) }
    try check("dimension_count") { $0.add("llama.rope.dimension_count", UInt32(2)) }
    try check("\"output.weight\" is stored as IQ4_NL") { $0.replace("output.weight", [12, 8], 20, Data(count: 400)) }
    try check("\"mystery\"") { $0.add("mystery", [1], 0, Data(count: 4)) }
    try check("rope_freqs.weight") { $0.add("rope_freqs.weight", [2], 0, Data.of([0.5, 3.7] as [Float])) }
    try check("version 1") { $0.version = 1 }
    try check("big-endian") { $0.version = 3 << 24 }
  }

  @Test func whatMakesNoModelIsRefused() throws {
    func check(_ word: String, _ change: (inout GGUFBuilder) -> Void) throws {
      let error = try problem(change)
      #expect(error.kind == .invalid, "\(error)")
      #expect(error.problem.contains(word), "\(error)")
    }
    try check("llama.block_count") { $0.removeKey("llama.block_count") }
    try check("\"output_norm.weight\" of shape [8] is missing") { $0.remove("output_norm.weight") }
    try check("\"output.weight\" has shape [8, 12]") { $0.replace("output.weight", [8, 12], 0, Data(count: 384)) }
    try check("has shape [12, 8], but the configuration makes it [13, 8]") { $0.add("llama.vocab_size", UInt32(13)) }
    try check("occurs twice") { $0.add("general.architecture", "llama") }
    try check("occurs twice") { $0.add("output.weight", [12, 8], 0, Data(count: 384)) }
    try check("whole blocks") { $0.replace("output.weight", [12, 8], 8, Data(count: 400)) }
    try check("not an integer") {
      $0.removeKey("llama.block_count")
      $0.add("llama.block_count", "2")
    }
    try check("has 1 elements") {
      $0.add("tokenizer.ggml.scores", type: 9, Data.of(UInt32(6)) + Data.of(UInt64(1)) + Data(count: 4))
    }
    try check("alignment") { $0.add("general.alignment", UInt32(0)) }
  }
}
