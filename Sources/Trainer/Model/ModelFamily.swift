/// A family of dense decoders: what its members share, and the names that files give to them.
///
/// A family is a description: `ModelFamily.configuration` says how it differs from LLaMA, and no code asks for a family
/// by name but the readers and writers of files.
package struct ModelFamily: Sendable {
  /// `model_type` in config.json.
  package let modelType: String
  /// The class in config.json's `architectures`.
  package let className: String
  /// `general.architecture` in GGUF.
  package let ggufArchitecture: String
  /// True where GGUF stores the rows of queries and keys in interleaved order (`RotaryOrder`).
  package let isInterleavedInGGUF: Bool
  /// The optional keys of config.json that the family's class reads; any other is refused where it would mean something.
  package let keys: Set<VariantKey>
  /// Width of a head where a file is silent; nil: `hidden_size` / `num_attention_heads`.
  package let headDim: Int?
  /// Key and value heads where a file is silent; nil: as many as query heads.
  package let keyValueHeads: Int?
  /// Sets the family's structure, and its class's defaults for keys that a file leaves out.
  private let defaults: @Sendable (inout LlamaConfiguration) -> Void
  /// Sets what follows from the sizes: the layers with a window, a factor of the width.
  private let derived: @Sendable (inout LlamaConfiguration) -> Void

  init(
    modelType: String, className: String, ggufArchitecture: String, isInterleavedInGGUF: Bool = false,
    headDim: Int? = nil, keyValueHeads: Int? = nil, keys: Set<VariantKey>,
    defaults: @escaping @Sendable (inout LlamaConfiguration) -> Void,
    derived: @escaping @Sendable (inout LlamaConfiguration) -> Void = { _ in }
  ) {
    (self.modelType, self.className, self.ggufArchitecture) = (modelType, className, ggufArchitecture)
    self.isInterleavedInGGUF = isInterleavedInGGUF
    (self.headDim, self.keyValueHeads) = (headDim, keyValueHeads)
    self.keys = keys
    self.defaults = defaults
    self.derived = derived
  }

  /// A configuration of the family: the defaults of its class in transformers, with the sizes that `set` gives, and what
  /// follows from them.
  package func configuration<E: Error>(
    _ set: (inout LlamaConfiguration) throws(E) -> Void
  ) throws(E) -> LlamaConfiguration {
    var configuration = LlamaConfiguration()
    configuration.family = self
    configuration.headDim = headDim ?? configuration.headDim
    configuration.numKeyValueHeads = keyValueHeads ?? configuration.numKeyValueHeads
    defaults(&configuration)
    try set(&configuration)
    derived(&configuration)
    return configuration
  }

  /// The family of this `model_type`.
  package static func named(_ modelType: String) -> ModelFamily? { all.first { $0.modelType == modelType } }
}

extension ModelFamily: Equatable {
  package static func == (left: ModelFamily, right: ModelFamily) -> Bool { left.modelType == right.modelType }
}

/// A key of config.json that some families read and LLaMA does not, or not all of them.
package enum VariantKey: String, Sendable, CaseIterable {
  case attentionBias = "attention_bias"
  case mlpBias = "mlp_bias"
  case slidingWindow = "sliding_window"
  /// False: `sliding_window` is not used.
  case useSlidingWindow = "use_sliding_window"
  /// The layers before this one have no window.
  case maxWindowLayers = "max_window_layers"
  case layerTypes = "layer_types"
  /// Every layer of this number sees everything, the others a window.
  case slidingWindowPattern = "sliding_window_pattern"
  /// 1 for a layer that is turned, 0 for one that is not.
  case noRopeLayers = "no_rope_layers"
  case noRopeLayerInterval = "no_rope_layer_interval"
  case partialRotaryFactor = "partial_rotary_factor"
  case ropeLocalBaseFreq = "rope_local_base_freq"
  case originalMaxPositionEmbeddings = "original_max_position_embeddings"
  case embeddingMultiplier = "embedding_multiplier"
  case residualMultiplier = "residual_multiplier"
  case attentionMultiplier = "attention_multiplier"
  case logitsScaling = "logits_scaling"
  case queryPreAttnScalar = "query_pre_attn_scalar"
  case attnLogitSoftcapping = "attn_logit_softcapping"
  case finalLogitSoftcapping = "final_logit_softcapping"
  case hiddenActivation = "hidden_activation"
}
