import Foundation

extension LlamaConfiguration {
  /// The text of config.json in the keys that every transformers since 4.43 reads.
  ///
  /// - Parameter storage: how the weights beside it are stored; becomes `torch_dtype`.
  package func huggingFaceConfig(storage: FloatStorage = .float32) -> Data {
    Self.document([
      ("architectures", "[\"LlamaForCausalLM\"]"),
      ("model_type", "\"llama\""),
      ("vocab_size", "\(vocabSize)"),
      ("hidden_size", "\(hiddenSize)"),
      ("intermediate_size", "\(intermediateSize)"),
      ("num_hidden_layers", "\(numHiddenLayers)"),
      ("num_attention_heads", "\(numAttentionHeads)"),
      ("num_key_value_heads", "\(numKeyValueHeads)"),
      ("head_dim", "\(headDim)"),
      ("hidden_act", "\"silu\""),
      ("max_position_embeddings", "\(maxPositionEmbeddings)"),
      ("initializer_range", "\(initializerRange)"),
      ("rms_norm_eps", "\(rmsNormEps)"),
      ("rope_theta", "\(ropeTheta)"),
      ("rope_scaling", ropeScalingJSON),
      ("attention_bias", "\(attentionBias)"),
      ("attention_dropout", "0.0"),
      ("mlp_bias", "\(mlpBias)"),
      ("pretraining_tp", "1"),
      ("tie_word_embeddings", "\(tieWordEmbeddings)"),
      ("bos_token_id", Self.json(bosTokenID)),
      ("eos_token_id", Self.json(eosTokenIDs)),
      ("pad_token_id", Self.json(padTokenID)),
      ("torch_dtype", "\"\(storage.torchName)\""),
      ("use_cache", "true"),
    ])
  }

  /// The text of generation_config.json: the tokens that transformers' `generate` starts, stops and pads with.
  package func huggingFaceGenerationConfig() -> Data {
    var members = [("_from_model_config", "true")]
    if let bosTokenID { members.append(("bos_token_id", "\(bosTokenID)")) }
    if !eosTokenIDs.isEmpty { members.append(("eos_token_id", Self.json(eosTokenIDs))) }
    if let padTokenID { members.append(("pad_token_id", "\(padTokenID)")) }
    return Self.document(members)
  }

  /// transformers insists on floats here: Swift writes 8.0, never 8, for a Double.
  private var ropeScalingJSON: String {
    switch ropeScaling {
    case .none:
      "null"
    case .linear(let factor):
      "{\"rope_type\": \"linear\", \"type\": \"linear\", \"factor\": \(factor)}"
    case .dynamic(let factor):
      "{\"rope_type\": \"dynamic\", \"type\": \"dynamic\", \"factor\": \(factor)}"
    case .yarn(let yarn):
      "{\"rope_type\": \"yarn\", \"factor\": \(yarn.factor), \"original_max_position_embeddings\": "
        + "\(yarn.originalMaxPositionEmbeddings), \"beta_fast\": \(yarn.betaFast), \"beta_slow\": \(yarn.betaSlow), "
        + "\"attention_factor\": \(yarn.attentionFactor), \"truncate\": \(yarn.truncate)}"
    case .llama3(let factor, let low, let high, let original):
      "{\"rope_type\": \"llama3\", \"factor\": \(factor), \"low_freq_factor\": \(low), "
        + "\"high_freq_factor\": \(high), \"original_max_position_embeddings\": \(original)}"
    }
  }

  private static func json(_ id: Int?) -> String { id.map { "\($0)" } ?? "null" }

  private static func json(_ ids: [Int]) -> String { ids.count > 1 ? "\(ids)" : json(ids.first) }

  private static func document(_ members: [(key: String, value: String)]) -> Data {
    let lines = members.map { "  \"\($0.key)\": \($0.value)" }
    return Data(("{\n" + lines.joined(separator: ",\n") + "\n}\n").utf8)
  }
}
