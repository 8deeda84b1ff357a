extension LlamaConfiguration {
  /// Reads the keys `llama.*` of a GGUF file; what they leave open is read off the tensors.
  init(_ file: GGUFFile, vocabulary: VocabularyDescription?) throws(FileError) {
    let metadata = file.metadata
    let path = file.path
    let architecture = try metadata.string("general.architecture") ?? "none"
    guard architecture == "llama" else {
      throw .unsupported(
        path, "general.architecture is \"\(architecture)\"", remedy: "give a model of the llama architecture")
    }
    try Self.refuseWhatIsNotBuilt(metadata)
    func required<T>(_ key: String, _ value: T?) throws(FileError) -> T {
      guard let value else {
        throw .invalid(path, "the metadata key llama.\(key) is missing", remedy: "export the model again")
      }
      return value
    }
    let hidden = try required("embedding_length", metadata.integer("llama.embedding_length"))
    let heads = try required("attention.head_count", metadata.uniformInteger("llama.attention.head_count"))
    let shapes = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.shape) })
    // The ids of a SentencePiece vocabulary whose file is silent are the ones it is trained with.
    let isSentencePiece = vocabulary?.model == "llama"
    // Chat models stop at the end of a turn too, and at the end of a message that calls a tool.
    let endTokens = [
      try metadata.tokenID("eos") ?? (isSentencePiece ? 2 : nil), try metadata.tokenID("eom"),
      try metadata.tokenID("eot"),
    ]
    self.init(
      vocabSize: try required("vocab_size", metadata.integer("llama.vocab_size") ?? shapes["token_embd.weight"]?.first),
      hiddenSize: hidden,
      intermediateSize: try required("feed_forward_length", metadata.uniformInteger("llama.feed_forward_length")),
      numHiddenLayers: try required("block_count", metadata.integer("llama.block_count")),
      numAttentionHeads: heads,
      numKeyValueHeads: try metadata.uniformInteger("llama.attention.head_count_kv"),
      headDim: try metadata.integer("llama.attention.key_length"),
      maxPositionEmbeddings: try required("context_length", metadata.integer("llama.context_length")),
      rmsNormEps: try required(
        "attention.layer_norm_rms_epsilon", metadata.number("llama.attention.layer_norm_rms_epsilon")),
      ropeTheta: try metadata.number("llama.rope.freq_base") ?? 10000,
      ropeScaling: try Self.ropeScaling(metadata),
      tieWordEmbeddings: shapes["output.weight"] == nil,
      attentionBias: shapes["blk.0.attn_q.bias"] != nil,
      mlpBias: shapes["blk.0.ffn_gate.bias"] != nil,
      bosTokenID: try metadata.tokenID("bos") ?? (isSentencePiece ? 1 : nil),
      eosTokenIDs: endTokens.compactMap { $0 }.uniqued(),
      padTokenID: try metadata.tokenID("padding"))
    try checkHeads(metadata)
    try validate(path: path)
  }

  /// Rotary embedding must turn whole heads, and values must be as wide as keys.
  private func checkHeads(_ metadata: GGUFMetadata) throws(FileError) {
    for key in ["llama.rope.dimension_count", "llama.attention.value_length"] {
      if let width = try metadata.integer(key), width != headDim {
        throw .unsupported(
          metadata.path, "\(key) is \(width), but heads are \(headDim) wide", remedy: "give a model where they agree")
      }
    }
  }

  private static func refuseWhatIsNotBuilt(_ metadata: GGUFMetadata) throws(FileError) {
    for key in ["llama.expert_count", "llama.attention.sliding_window"] {
      if let count = try metadata.uniformInteger(key), count > 0 {
        throw .unsupported(metadata.path, "\(key) is \(count)", remedy: "give a dense model with full attention")
      }
    }
    for key in ["llama.logit_scale", "llama.residual_scale", "llama.embedding_scale"] {
      if let scale = try metadata.number(key), scale != 0, scale != 1 {
        throw .unsupported(metadata.path, "\(key) is \(scale)", remedy: "give a model without this factor")
      }
    }
    for key in ["llama.attention.scale", "llama.attention.clamp_kqv", "llama.attention.max_alibi_bias"] {
      if let value = try metadata.number(key), value != 0 {
        throw .unsupported(metadata.path, "\(key) is \(value)", remedy: "give a model without it")
      }
    }
    for key in ["llama.use_parallel_residual"] where try metadata.bool(key) ?? false {
      throw .unsupported(metadata.path, "\(key) is true", remedy: "give a model without it")
    }
    if try metadata.bool("llama.attention.causal") == false {
      throw .unsupported(metadata.path, "llama.attention.causal is false", remedy: "give a causal model")
    }
  }

  /// YaRN, whose sharpening of the scores GGUF holds relative to the paper's.
  private static func yarn(_ metadata: GGUFMetadata, factor: Double) throws(FileError) -> RopeScaling {
    let prefix = "llama.rope.scaling."
    let context = try metadata.integer("llama.context_length") ?? 0
    let attention = try metadata.number(prefix + "attn_factor") ?? 1
    return .yarn(
      YarnScaling(
        factor: factor,
        originalMaxPositionEmbeddings: try metadata.integer(prefix + "original_context_length") ?? context,
        betaFast: try metadata.number(prefix + "yarn_beta_fast") ?? 32,
        betaSlow: try metadata.number(prefix + "yarn_beta_slow") ?? 1,
        attentionFactor: attention == 1 ? nil : attention * YarnScaling.attentionFactor(factor)))
  }

  private static func ropeScaling(_ metadata: GGUFMetadata) throws(FileError) -> RopeScaling {
    let type = try metadata.string("llama.rope.scaling.type")
    if type != "yarn", let scale = try metadata.number("llama.rope.scaling.attn_factor"), scale != 0, scale != 1 {
      throw .unsupported(
        metadata.path, "llama.rope.scaling.attn_factor is \(scale)", remedy: "give a model without this factor")
    }
    var factor = try metadata.number("llama.rope.scaling.factor")
    if factor == nil { factor = try metadata.number("llama.rope.scale_linear") }
    switch type {
    case nil, "linear":
      // A factor of 0 is how exports write "none".
      guard let factor, factor != 0, factor != 1 else { return .none }
      return .linear(factor: factor)
    case "none":
      return .none
    case "yarn":
      return try yarn(metadata, factor: factor ?? 1)
    case let type?:
      throw .unsupported(
        metadata.path, "llama.rope.scaling.type is \"\(type)\"", remedy: "none, linear and yarn can be read from GGUF")
    }
  }
}

extension [Int] {
  /// The elements without repetitions, in their order.
  fileprivate func uniqued() -> [Int] {
    var seen: Set<Int> = []
    return filter { seen.insert($0).inserted }
  }
}
