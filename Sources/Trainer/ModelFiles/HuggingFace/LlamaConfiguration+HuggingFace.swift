import Foundation

extension LlamaConfiguration {
  /// Reads the members of a config.json, in the keys of transformers 4 (`rope_theta`, `rope_scaling`) or 5
  /// (`rope_parameters`).
  ///
  /// A key that the model cannot honour is refused by name, rather than read and forgotten.
  init(fields: ConfigurationFields) throws(FileError) {
    try Self.refuseWhatIsNotBuilt(fields)
    let heads = try fields.integer("num_attention_heads") ?? 32
    let maxPositionEmbeddings = try fields.integer("max_position_embeddings") ?? 2048
    let rope = try Self.rope(fields, maxPositionEmbeddings: maxPositionEmbeddings)
    self.init(
      vocabSize: try fields.integer("vocab_size") ?? 32000,
      hiddenSize: try fields.integer("hidden_size") ?? 4096,
      intermediateSize: try fields.integer("intermediate_size") ?? 11008,
      numHiddenLayers: try fields.integer("num_hidden_layers") ?? 32,
      numAttentionHeads: heads,
      numKeyValueHeads: try fields.integer("num_key_value_heads"),
      headDim: try fields.integer("head_dim"),
      maxPositionEmbeddings: maxPositionEmbeddings,
      rmsNormEps: try fields.number("rms_norm_eps") ?? 1e-6,
      ropeTheta: rope.theta,
      ropeScaling: rope.scaling,
      tieWordEmbeddings: try fields.bool("tie_word_embeddings") ?? false,
      attentionBias: try fields.bool("attention_bias") ?? false,
      mlpBias: try fields.bool("mlp_bias") ?? false,
      // An absent key means the default; null means that there is none, and some old exports write −1 for that.
      bosTokenID: fields.isPresent("bos_token_id") ? try fields.tokenIDs("bos_token_id").first : 1,
      eosTokenIDs: fields.isPresent("eos_token_id") ? try fields.tokenIDs("eos_token_id") : [2],
      padTokenID: try fields.tokenIDs("pad_token_id").first,
      initializerRange: try fields.number("initializer_range") ?? 0.02)
    if try fields.integer("head_dim") == nil, heads > 0, !hiddenSize.isMultiple(of: heads) {
      throw .invalid(
        fields.path, "hidden_size \(hiddenSize) is no multiple of num_attention_heads \(heads)",
        remedy: "give head_dim, or sizes that divide")
    }
    try validate(path: fields.path)
  }

  private static func refuseWhatIsNotBuilt(_ fields: ConfigurationFields) throws(FileError) {
    // A file without model_type is taken for a LLaMA, as AutoConfig does when it is told so.
    let modelType = try fields.string("model_type") ?? "llama"
    guard modelType == "llama" else {
      throw fields.unsupported(
        "model_type", "is \"\(modelType)\"", remedy: "give a model whose model_type is \"llama\"")
    }
    let activation = try fields.string("hidden_act") ?? "silu"
    guard activation == "silu" || activation == "swish" else {
      throw fields.unsupported("hidden_act", "is \"\(activation)\"", remedy: "only \"silu\" is built")
    }
    if let window = try fields.integer("sliding_window"), try fields.bool("use_sliding_window") ?? true {
      throw fields.unsupported(
        "sliding_window", "is \(window)", remedy: "only full attention is built: set it to null if the model allows")
    }
    if let share = try fields.number("partial_rotary_factor"), share != 1 {
      throw fields.unsupported("partial_rotary_factor", "is \(share)", remedy: "only 1.0 is built")
    }
    if let rate = try fields.number("attention_dropout"), rate != 0 {
      throw fields.unsupported("attention_dropout", "is \(rate)", remedy: "set it to 0.0: dropout is not built")
    }
    if try fields.bool("rope_interleaved") ?? false {
      throw fields.unsupported("rope_interleaved", "is true", remedy: "export the model in rotate-half order")
    }
    if !fields.isNull("quantization_config") {
      throw fields.unsupported(
        "quantization_config", "is set", remedy: "give the unquantised model, or a GGUF file")
    }
  }

  /// The rotary base and its stretching, from whichever dialect the file speaks.
  private static func rope(
    _ fields: ConfigurationFields, maxPositionEmbeddings: Int
  ) throws(FileError) -> (theta: Double, scaling: RopeScaling) {
    let theta = try fields.number("rope_theta")
    let key = fields.isNull("rope_parameters") ? "rope_scaling" : "rope_parameters"
    guard let rope = try fields.section(key) else { return (theta ?? 10000, .none) }
    let innerTheta = try rope.number("rope_theta")
    if let theta, let innerTheta, theta != innerTheta {
      throw .invalid(
        fields.path, "rope_theta is \(theta), but \(key) has rope_theta \(innerTheta)", remedy: "give it once")
    }
    // Files from before transformers 4.43 say "type".
    let olderType = try rope.string("type")
    let type = try rope.string("rope_type") ?? olderType ?? "default"
    let scaling: RopeScaling
    switch type {
    case "default":
      scaling = .none
    case "linear":
      scaling = .linear(factor: try rope.required("factor", rope.number("factor")))
    case "dynamic":
      scaling = .dynamic(factor: try rope.required("factor", rope.number("factor")))
    case "yarn":
      scaling = .yarn(try yarn(rope, maxPositionEmbeddings: maxPositionEmbeddings))
    case "llama3":
      scaling = .llama3(
        factor: try rope.required("factor", rope.number("factor")),
        lowFreqFactor: try rope.required("low_freq_factor", rope.number("low_freq_factor")),
        highFreqFactor: try rope.required("high_freq_factor", rope.number("high_freq_factor")),
        originalMaxPositionEmbeddings: try rope.required(
          "original_max_position_embeddings", rope.integer("original_max_position_embeddings")))
    default:
      throw rope.unsupported(
        rope.isNull("rope_type") ? "type" : "rope_type", "is \"\(type)\"",
        remedy: "default, linear, dynamic, yarn and llama3 are built")
    }
    return (innerTheta ?? theta ?? 10000, scaling)
  }

  /// YaRN's constants, with transformers' defaults.
  private static func yarn(
    _ rope: ConfigurationFields, maxPositionEmbeddings: Int
  ) throws(FileError) -> YarnScaling {
    let original = try rope.integer("original_max_position_embeddings") ?? maxPositionEmbeddings
    var factor = try rope.number("factor")
    if factor == nil, original > 0, original < maxPositionEmbeddings {
      factor = Double(maxPositionEmbeddings) / Double(original)
    }
    let stretch = try rope.required("factor", factor)
    var attention = try rope.number("attention_factor")
    if attention == nil, let scale = try rope.number("mscale"), let whole = try rope.number("mscale_all_dim"),
      scale != 0, whole != 0
    {
      attention =
        YarnScaling.attentionFactor(stretch, scale: scale) / YarnScaling.attentionFactor(stretch, scale: whole)
    }
    return YarnScaling(
      factor: stretch, originalMaxPositionEmbeddings: original, betaFast: try rope.number("beta_fast") ?? 32,
      betaSlow: try rope.number("beta_slow") ?? 1, attentionFactor: attention,
      truncate: try rope.bool("truncate") ?? true)
  }
}
