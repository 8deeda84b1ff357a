/// The names that GGUF gives to the weights of a LLaMA.
package enum GGUFTensorName {
  /// Llama 3's rotary scaling: what each of the D/2 frequencies is divided by.
  static let ropeFrequencies = "rope_freqs.weight"

  private static let ofBlock = [
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
  ]

  /// Hugging Face's key by GGUF's name, for every weight of `configuration`.
  package static func keys(_ configuration: LlamaConfiguration) -> [String: String] {
    var keys = [
      "token_embd.weight": LlamaParameterName.embedding, "output_norm.weight": LlamaParameterName.finalNorm,
      "output.weight": LlamaParameterName.output,
    ]
    for parameter in configuration.blockParameters {
      guard let dot = parameter.name.lastIndex(of: "."), let stem = ofBlock[String(parameter.name[..<dot])] else {
        preconditionFailure("no GGUF name for \(parameter.name)")
      }
      for layer in 0..<configuration.numHiddenLayers {
        keys["blk.\(layer).\(stem)\(parameter.name[dot...])"] = LlamaParameterName.block(layer, parameter.name)
      }
    }
    return keys
  }
}
