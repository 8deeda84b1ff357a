import Foundation
import Testing

import Trainer

@Suite struct LlamaConfigurationTests {
  private func read(_ json: String) throws -> LlamaConfiguration {
    let scratch = try CheckpointScratch()
    let url = try scratch.write(json, "config.json")
    return try FolderConfigurations.read(url.deletingLastPathComponent()).configuration
  }

  @Test func missingKeysHaveTheDefaultsOfTransformers() throws {
    let configuration = try read("{}")
    #expect(configuration == LlamaConfiguration())
    #expect(configuration.headDim == 128)
    #expect(configuration.numKeyValueHeads == 32)
    #expect(configuration.eosTokenIDs == [2])
  }

  @Test func bothDialectsReadAlike() throws {
    let old = try read(
      #"""
      {"model_type": "llama", "hidden_size": 64, "num_attention_heads": 4, "rope_theta": 500000.0, "rope_scaling":
      {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1, "high_freq_factor": 4.0,
      "original_max_position_embeddings": 8192}, "torch_dtype": "bfloat16", "eos_token_id": [5, 6]}
      """#)
    let new = try read(
      #"""
      {"model_type": "llama", "hidden_size": 64, "num_attention_heads": 4, "rope_parameters": {"rope_theta": 500000,
      "rope_type": "llama3", "factor": 8, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
      "original_max_position_embeddings": 8192}, "dtype": "bfloat16", "eos_token_id": [5, 6]}
      """#)
    #expect(old == new)
    #expect(old.ropeTheta == 500_000)
    #expect(
      old.ropeScaling
        == .llama3(factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: 8192))
    #expect(old.eosTokenIDs == [5, 6])
    #expect(try read(#"{"rope_scaling": {"type": "linear", "factor": 2}}"#).ropeScaling == .linear(factor: 2))
    #expect(try read(#"{"rope_scaling": {"type": "dynamic", "factor": 2}}"#).ropeScaling == .dynamic(factor: 2))
    #expect(
      try read(
        """
        {"max_position_embeddings": 8192, "rope_parameters": {"rope_type": "yarn", "factor": null, "mscale": 2,
        "mscale_all_dim": 1, "original_max_position_embeddings": 2048}}
        """
      ).ropeScaling
        == .yarn(
          YarnScaling(
            factor: 4, originalMaxPositionEmbeddings: 2048,
            attentionFactor: (0.2 * log(4.0) + 1) / (0.1 * log(4.0) + 1))))
  }

  @Test func nullAndMinusOneAreNoToken() throws {
    let configuration = try read(#"{"bos_token_id": null, "eos_token_id": null, "pad_token_id": -1}"#)
    #expect(configuration.bosTokenID == nil)
    #expect(configuration.eosTokenIDs == [])
    #expect(configuration.padTokenID == nil)
  }

  @Test(arguments: [
    (#"{"model_type": "mixtral"}"#, "model_type is \"mixtral\""),
    (#"{"hidden_act": "gelu"}"#, "hidden_act is \"gelu\""),
    (#"{"sliding_window": 4096}"#, "sliding_window is 4096"),
    (#"{"rope_scaling": {"type": "su", "factor": 4.0}}"#, "rope_scaling.type is \"su\""),
    (#"{"rope_parameters": {"rope_type": "proportional"}}"#, "rope_parameters.rope_type is \"proportional\""),
    (#"{"quantization_config": {"bits": 4}}"#, "quantization_config"), (#"{"attention_dropout": 0.1}"#, "dropout"),
    (#"{"partial_rotary_factor": 0.5}"#, "partial_rotary_factor"),
  ])
  func whatCannotBeHonouredIsRefusedByName(_ json: String, _ name: String) throws {
    let error = try #require(checkpointError { _ = try read(json) })
    #expect(error.kind == .unsupported)
    #expect(error.problem.contains(name), "\(error)")
    #expect(error.byteOffset != nil)
  }

  @Test(arguments: [
    (#"{"hidden_size": "64"}"#, "hidden_size"), (#"{"hidden_size": 64.5}"#, "hidden_size"),
    (#"{"hidden_size": 0}"#, "hidden_size is 0"), (#"{"num_attention_heads": 0}"#, "num_attention_heads is 0"),
    (#"{"vocab_size": -5}"#, "vocab_size is -5"), (#"{"num_key_value_heads": 5}"#, "num_key_value_heads 5"),
    (#"{"head_dim": 7}"#, "head_dim 7"), (#"{"num_attention_heads": 3}"#, "hidden_size 4096"),
    (#"{"num_hidden_layers": 1000000000000}"#, "num_hidden_layers"), (#"{"rms_norm_eps": 0}"#, "rms_norm_eps"),
    (#"{"rope_theta": -1.0}"#, "rope_theta"), (#"{"tie_word_embeddings": 1}"#, "tie_word_embeddings"),
    (#"{"rope_scaling": {"type": "linear"}}"#, "rope_scaling.factor"),
    (#"{"rope_scaling": {"type": "linear", "factor": 0.5}}"#, "factor 0.5"),
    (#"{"rope_scaling": {"type": "yarn"}}"#, "rope_scaling.factor"),
    (#"{"rope_scaling": {"type": "yarn", "factor": 4, "beta_fast": 0.5}}"#, "beta_fast 0.5"),
    (#"{"rope_scaling": {"type": "dynamic", "factor": -2}}"#, "factor -2"),
    (#"{"rope_theta": 1e4, "rope_parameters": {"rope_theta": 5e5}}"#, "rope_theta"),
    (
      #"{"vocab_size": 2147483647, "hidden_size": 2147483646, "head_dim": 2, "intermediate_size": 2147483647}"#, "param"
    ),
    (#"{"eos_token_id": "2"}"#, "eos_token_id"), (#"[1]"#, "object"),
  ])
  func whatMakesNoModelIsRefused(_ json: String, _ name: String) throws {
    let error = try #require(checkpointError { _ = try read(json) })
    #expect(error.kind == .invalid)
    #expect(error.problem.contains(name), "\(error)")
  }

  @Test func whatIsWrittenIsReadBack() throws {
    var configuration = LlamaConfiguration(
      vocabSize: 99, hiddenSize: 64, intermediateSize: 100, numHiddenLayers: 3, numAttentionHeads: 6,
      numKeyValueHeads: 2, headDim: 16, maxPositionEmbeddings: 131072, rmsNormEps: 1e-5, ropeTheta: 500_000,
      tieWordEmbeddings: true, attentionBias: .all, mlpBias: true, bosTokenID: 7, eosTokenIDs: [8, 9], padTokenID: 10,
      initializerRange: 0.041666666666666664)
    let scalings: [RopeScaling] = [
      .none, .linear(factor: 4), .dynamic(factor: 2),
      .yarn(YarnScaling(factor: 4, originalMaxPositionEmbeddings: 4096, betaFast: 16, attentionFactor: 1.25)),
      .llama3(factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: 8192),
    ]
    for scaling in scalings {
      configuration.ropeScaling = scaling
      let text = Self.written(configuration.huggingFaceConfig(storage: .bfloat16))
      #expect(try read(text) == configuration)
      #expect(text.contains("\"torch_dtype\": \"bfloat16\""))
    }
    configuration.bosTokenID = nil
    configuration.eosTokenIDs = []
    #expect(try read(Self.written(configuration.huggingFaceConfig())) == configuration)
    let scaled = Self.written(configuration.huggingFaceConfig())
    #expect(scaled.contains("\"factor\": 32.0"), "transformers insists on a float")
  }

  private static func written(_ json: JSON) -> String {
    String(decoding: JSONWriter.data(json, .members), as: UTF8.self)
  }

  @Test func presetsAreValid() throws {
    for name in LlamaConfiguration.presetNames {
      let preset = try #require(LlamaConfiguration.preset(name))
      try preset.validate(path: name)
    }
    // Parameters in millions, as the models' pages give them.
    for (name, millions) in [
      ("Mistral-7B", 7248), ("Qwen2.5-0.5B", 494), ("Qwen2.5-1.5B", 1544), ("Qwen2.5-7B", 7616), ("Qwen3-0.6B", 596),
      ("Qwen3-1.7B", 1721), ("Qwen3-4B", 4022), ("Qwen3-8B", 8191), ("SmolLM3-3B", 3075), ("Granite-3.3-2B", 2534),
      ("Gemma-3-1B", 1000),
    ] {
      let count = try #require(LlamaConfiguration.preset(name)).parameterCount
      #expect((count + 500_000) / 1_000_000 == millions, "\(name)")
    }
    #expect(LlamaConfiguration.preset("tiny", vocabSize: 2048)?.vocabSize == 2048)
    #expect(LlamaConfiguration.preset("Tiny")?.numKeyValueHeads == 2)
    #expect(LlamaConfiguration.preset("70B") == nil)
  }
}
