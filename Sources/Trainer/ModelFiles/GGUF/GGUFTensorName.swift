/// The names that GGUF gives to the weights of a model.
package enum GGUFTensorName {
  /// Llama 3's rotary scaling: what each of the D/2 frequencies is divided by.
  static let ropeFrequencies = "rope_freqs.weight"

  /// LongRoPE's divisors of the frequencies, for texts within and beyond the context of pretraining.
  static let shortRopeFactors = "rope_factors_short.weight"
  static let longRopeFactors = "rope_factors_long.weight"
  /// Tensors that hold divisors of rotary frequencies.
  static let ofRope: Set<String> = [ropeFrequencies, shortRopeFactors, longRopeFactors]

  /// The number that the file has added to a norm's weight: its norms multiply plainly, where Gemma's own are stored
  /// around 0.
  static func normOffset(of name: String, _ configuration: LlamaConfiguration) -> Float {
    name.hasSuffix("norm.weight") ? Float(configuration.normWeightOffset) : 0
  }

  private static let ofBlock = [
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "self_attn.qkv_proj": "attn_qkv", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "mlp.gate_up_proj": "ffn_up",
  ]

  /// Names of a block's norms, which differ by their places rather than by their names in Hugging Face's files.
  private static func ofNorms(_ norms: BlockNorms) -> [String: String] {
    let places = [
      (norms.beforeAttention, "attn_norm"), (norms.afterAttention, "post_attention_norm"),
      (norms.beforeFeedForward, "ffn_norm"), (norms.afterFeedForward, "post_ffw_norm"),
    ]
    return Dictionary(uniqueKeysWithValues: places.compactMap { name, place in name.map { ($0, place) } })
  }

  /// Hugging Face's key by GGUF's name, for every weight of `configuration`.
  package static func keys(_ configuration: LlamaConfiguration) -> [String: String] {
    var keys = [
      "token_embd.weight": LlamaParameterName.embedding, "output_norm.weight": LlamaParameterName.finalNorm,
      "output.weight": LlamaParameterName.output,
    ]
    let stems = ofBlock.merging(ofNorms(configuration.blockNorms)) { stem, _ in stem }
    for parameter in configuration.blockParameters {
      guard let dot = parameter.name.lastIndex(of: "."), let stem = stems[String(parameter.name[..<dot])] else {
        preconditionFailure("no GGUF name for \(parameter.name)")
      }
      for layer in 0..<configuration.numHiddenLayers {
        keys["blk.\(layer).\(stem)\(parameter.name[dot...])"] = LlamaParameterName.block(layer, parameter.name)
      }
    }
    return keys
  }
}
