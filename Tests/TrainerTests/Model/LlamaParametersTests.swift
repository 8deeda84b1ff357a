import Testing

import Trainer

@Suite struct LlamaParametersTests {
  @Test func namesAndShapesAreHuggingFaces() {
    let configuration = LlamaConfiguration(
      vocabSize: 11, hiddenSize: 8, intermediateSize: 6, numHiddenLayers: 1, numAttentionHeads: 3, numKeyValueHeads: 1,
      headDim: 4)
    let list = configuration.parameters.map { "\($0.name.replacing("model.layers.0", with: "0")) \($0.shape)" }
    #expect(
      list == [
        "model.embed_tokens.weight [11, 8]", "0.self_attn.q_proj.weight [12, 8]", "0.self_attn.k_proj.weight [4, 8]",
        "0.self_attn.v_proj.weight [4, 8]", "0.self_attn.o_proj.weight [8, 12]", "0.mlp.gate_proj.weight [6, 8]",
        "0.mlp.up_proj.weight [6, 8]", "0.mlp.down_proj.weight [8, 6]", "0.input_layernorm.weight [8]",
        "0.post_attention_layernorm.weight [8]", "model.norm.weight [8]", "lm_head.weight [11, 8]",
      ])
  }

  @Test func biasesStandBehindTheirWeights() {
    var configuration = LlamaConfiguration(hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2)
    configuration.attentionBias = .all
    configuration.mlpBias = true
    let biases = configuration.blockParameters.filter { $0.name.hasSuffix(".bias") }
    #expect(biases.map(\.name.count) == [21, 21, 21, 21, 18, 16, 18])
    #expect(configuration.blockParameters[1] == ParameterDescription(name: "self_attn.q_proj.bias", shape: [8]))
    #expect(biases.last == ParameterDescription(name: "mlp.down_proj.bias", shape: [8]))
  }

  /// The published parameter counts.
  @Test(arguments: [
    ("7B", 6_738_415_616), ("13B", 13_015_864_320), ("33B", 32_528_943_616), ("65B", 65_285_660_672),
    ("15M", 15_191_712), ("42M", 41_689_600), ("110M", 109_529_856),
  ])
  func presetsHaveThePublishedSize(_ name: String, _ count: Int) throws {
    #expect(try #require(LlamaConfiguration.preset(name)).parameterCount == count)
  }

  @Test func smolLM2HasItsPublishedSize() {
    let configuration = LlamaConfiguration(
      vocabSize: 49152, hiddenSize: 576, intermediateSize: 1536, numHiddenLayers: 30, numAttentionHeads: 9,
      numKeyValueHeads: 3, tieWordEmbeddings: true)
    #expect(configuration.parameterCount == 134_515_008)
  }
}
