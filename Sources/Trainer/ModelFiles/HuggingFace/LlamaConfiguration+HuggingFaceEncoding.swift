extension LlamaConfiguration {
  /// The content of config.json, in the keys that every transformers since 4.43 reads.
  ///
  /// - Parameter storage: form in which the weights beside it are stored; becomes `torch_dtype`.
  package func huggingFaceConfig(storage: FloatStorage = .float32) -> JSON {
    [
      "architectures": ["LlamaForCausalLM"],
      "model_type": "llama",
      "vocab_size": .integer(vocabSize),
      "hidden_size": .integer(hiddenSize),
      "intermediate_size": .integer(intermediateSize),
      "num_hidden_layers": .integer(numHiddenLayers),
      "num_attention_heads": .integer(numAttentionHeads),
      "num_key_value_heads": .integer(numKeyValueHeads),
      "head_dim": .integer(headDim),
      "hidden_act": "silu",
      "max_position_embeddings": .integer(maxPositionEmbeddings),
      "initializer_range": .number(initializerRange),
      "rms_norm_eps": .number(rmsNormEps),
      "rope_theta": .number(ropeTheta),
      "rope_scaling": ropeScalingSection,
      "attention_bias": .bool(attentionBias),
      "attention_dropout": .number(0),
      "mlp_bias": .bool(mlpBias),
      "pretraining_tp": 1,
      "tie_word_embeddings": .bool(tieWordEmbeddings),
      "bos_token_id": Self.ids([bosTokenID].compactMap { $0 }),
      "eos_token_id": Self.ids(eosTokenIDs),
      "pad_token_id": Self.ids([padTokenID].compactMap { $0 }),
      "torch_dtype": .string(storage.torchName),
      "use_cache": true,
    ]
  }

  /// The content of generation_config.json: the tokens that transformers' `generate` starts, stops and pads with.
  package func huggingFaceGenerationConfig() -> JSON {
    var members: [(String, JSON)] = [("_from_model_config", true)]
    if let bosTokenID { members.append(("bos_token_id", .integer(bosTokenID))) }
    if !eosTokenIDs.isEmpty { members.append(("eos_token_id", Self.ids(eosTokenIDs))) }
    if let padTokenID { members.append(("pad_token_id", .integer(padTokenID))) }
    return .object(JSONObject(members))
  }

  /// transformers insists on floats here, and a `number` is written as one: 8.0, never 8.
  private var ropeScalingSection: JSON {
    switch ropeScaling {
    case .none: .null
    case .linear(let factor): ["rope_type": "linear", "type": "linear", "factor": .number(factor)]
    case .dynamic(let factor): ["rope_type": "dynamic", "type": "dynamic", "factor": .number(factor)]
    case .yarn(let yarn):
      [
        "rope_type": "yarn", "factor": .number(yarn.factor),
        "original_max_position_embeddings": .integer(yarn.originalMaxPositionEmbeddings),
        "beta_fast": .number(yarn.betaFast), "beta_slow": .number(yarn.betaSlow),
        "attention_factor": .number(yarn.attentionFactor), "truncate": .bool(yarn.truncate),
      ]
    case .llama3(let factor, let low, let high, let original):
      [
        "rope_type": "llama3", "factor": .number(factor), "low_freq_factor": .number(low),
        "high_freq_factor": .number(high), "original_max_position_embeddings": .integer(original),
      ]
    }
  }

  /// No id as null, one as itself, several as a list.
  private static func ids(_ ids: [Int]) -> JSON {
    if ids.count > 1 { .array(ids.map { .integer($0) }) } else { ids.first.map { .integer($0) } ?? .null }
  }
}
