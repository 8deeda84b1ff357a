extension GGUFMetadataEncoder {
  /// The keys `general.*` and those of a model's architecture.
  ///
  /// - Parameter type: how the matrices are stored.
  /// - Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
  mutating func set(_ model: LlamaConfiguration, name: String, type: GGUFTensorType, path: String)
    throws(FileError)
  {
    let architecture = model.family.ggufArchitecture
    set("general.architecture", architecture)
    set("general.type", "model")
    set("general.name", name)
    set("general.file_type", type.fileType)
    if type.blockCount > 1 { set("general.quantization_version", UInt32(2)) }
    // Validated sizes are below 2^31.
    set("\(architecture).vocab_size", UInt32(model.vocabSize))
    set("\(architecture).context_length", UInt32(model.maxPositionEmbeddings))
    set("\(architecture).embedding_length", UInt32(model.hiddenSize))
    set("\(architecture).block_count", UInt32(model.numHiddenLayers))
    set("\(architecture).feed_forward_length", UInt32(model.intermediateSize))
    set("\(architecture).attention.head_count", UInt32(model.numAttentionHeads))
    set("\(architecture).attention.head_count_kv", UInt32(model.numKeyValueHeads))
    set("\(architecture).attention.key_length", UInt32(model.headDim))
    set("\(architecture).attention.value_length", UInt32(model.headDim))
    set("\(architecture).attention.layer_norm_rms_epsilon", Float(model.rmsNormEps))
    set("\(architecture).rope.dimension_count", UInt32(model.rotaryDim ?? model.headDim))
    set("\(architecture).rope.freq_base", Float(model.ropeTheta))
    try setRope(model, architecture, path: path)
    try setLayers(model, architecture, path: path)
    try setFactors(model, architecture, path: path)
  }

  /// Llama 3's scaling and LongRoPE's factors are no keys but tensors; dynamic scaling, which GGUF does not know, changes
  /// nothing within the context length.
  private mutating func setRope(
    _ model: LlamaConfiguration, _ architecture: String, path: String
  ) throws(FileError) {
    let prefix = "\(architecture).rope.scaling."
    switch model.ropeScaling {
    case .none, .dynamic, .llama3: break
    case .linear(let factor):
      set(prefix + "type", "linear")
      set(prefix + "factor", Float(factor))
    case .longRope(let long):
      set(prefix + "original_context_length", UInt32(long.originalMaxPositionEmbeddings))
      set(prefix + "attn_factor", Float(long.attentionFactor))
    case .yarn(let yarn):
      guard yarn.truncate else {
        throw Self.noKey("rope_scaling.truncate is false", path: path)
      }
      set(prefix + "type", "yarn")
      set(prefix + "factor", Float(yarn.factor))
      set(prefix + "original_context_length", UInt32(yarn.originalMaxPositionEmbeddings))
      set(prefix + "yarn_beta_fast", Float(yarn.betaFast))
      set(prefix + "yarn_beta_slow", Float(yarn.betaSlow))
      let usual = YarnScaling.attentionFactor(yarn.factor)
      if yarn.attentionFactor != usual { set(prefix + "attn_factor", Float(yarn.attentionFactor / usual)) }
    }
    guard let rope = model.windowRope ?? (model.family.keys.contains(.ropeLocalBaseFreq) ? model.rope : nil) else {
      return
    }
    guard rope.scaling == .none else { throw Self.noKey("the windowed layers' rotary embedding is scaled", path: path) }
    set("\(architecture).rope.freq_base_swa", Float(rope.theta))
  }

  /// Windows, and their layers where these are not all. llama.cpp knows windows of Gemma alone; in its other
  /// architectures it does not read these keys, and sees everything.
  private mutating func setLayers(
    _ model: LlamaConfiguration, _ architecture: String, path: String
  ) throws(FileError) {
    let usual = model.family.configuration { $0.numHiddenLayers = model.numHiddenLayers }
    guard model.unrotatedLayers == usual.unrotatedLayers else {
      throw Self.noKey("no_rope_layers differs from every fourth layer", path: path)
    }
    guard let window = model.usedWindow else { return }
    set("\(architecture).attention.sliding_window", UInt32(window))
    if model.windowedLayers != usual.windowedLayers {
      set(
        "\(architecture).attention.sliding_window_pattern",
        (0..<model.numHiddenLayers).map(model.windowedLayers.contains))
    }
  }

  private mutating func setFactors(
    _ model: LlamaConfiguration, _ architecture: String, path: String
  ) throws(FileError) {
    let keys = model.family.keys
    if keys.contains(.embeddingMultiplier) { set("\(architecture).embedding_scale", Float(model.embeddingMultiplier)) }
    if keys.contains(.residualMultiplier) { set("\(architecture).residual_scale", Float(model.residualMultiplier)) }
    if keys.contains(.logitsScaling) { set("\(architecture).logit_scale", Float(model.logitsScaling)) }
    if keys.contains(.attentionMultiplier) {
      if let scale = model.attentionScale { set("\(architecture).attention.scale", Float(scale)) }
    } else if let scale = model.attentionScale,
      Float(scale) != Float(model.ggufAttentionScale ?? 1 / Double(model.headDim).squareRoot())
    {
      throw Self.noKey("query_pre_attn_scalar is not the width of a head", path: path)
    }
    if let cap = model.attentionSoftCap {
      guard model.family == .gemma2 else { throw Self.noKey("attn_logit_softcapping is \(cap)", path: path) }
      set("\(architecture).attn_logit_softcapping", Float(cap))
    }
    if let cap = model.logitSoftCap { set("\(architecture).final_logit_softcapping", Float(cap)) }
    if model.activation != model.family.configuration({ _ in }).activation {
      throw Self.noKey("the activation is \(model.activation.rawValue)", path: path)
    }
  }

  /// The refusal of a setting that readers of GGUF would not honour.
  private static func noKey(_ what: String, path: String) -> FileError {
    .unsupported(path, "\(what), for which GGUF has no key", remedy: "write a Hugging Face folder")
  }

  /// The keys `tokenizer.*`.
  ///
  /// - Parameters:
  ///   - vocabulary: nil: token ids are all that the model is used with.
  ///   - model: its rows are the vocabulary's, and its tokens with a role win.
  mutating func set(_ vocabulary: VocabularyDescription?, of model: LlamaConfiguration, path: String)
    throws(FileError)
  {
    let prefix = "tokenizer.ggml."
    try setRoles(of: model, vocabulary, path: path)
    guard var vocabulary else { return set(prefix + "model", "no_vocab") }
    guard vocabulary.tokens.count <= model.vocabSize else {
      throw .invalid(
        path, "the tokenizer has \(vocabulary.tokens.count) tokens, the model \(model.vocabSize)",
        remedy: "give the tokenizer that belongs to the model")
    }
    vocabulary.fill(upTo: model.vocabSize)
    set(prefix + "model", vocabulary.model)
    set(prefix + "pre", vocabulary.pre ?? "default")
    set(prefix + "tokens", vocabulary.tokens)
    if let scores = vocabulary.scores { set(prefix + "scores", scores) }
    if let types = vocabulary.types { set(prefix + "token_type", types.map(Int32.init)) }
    if let merges = vocabulary.merges { set(prefix + "merges", merges) }
    if let addBOS = vocabulary.addBOS { set(prefix + "add_bos_token", addBOS) }
    if let addEOS = vocabulary.addEOS { set(prefix + "add_eos_token", addEOS) }
    if let addSpace = vocabulary.addSpacePrefix { set(prefix + "add_space_prefix", addSpace) }
    if let template = vocabulary.chatTemplate { set("tokenizer.chat_template", template) }
  }

  /// The tokens that begin, end and fill texts.
  private mutating func setRoles(
    of model: LlamaConfiguration, _ vocabulary: VocabularyDescription?, path: String
  ) throws(FileError) {
    // Of several ends a chat model's last is the end of a turn, and one between is the end of a message.
    let ends = model.eosTokenIDs.isEmpty ? [vocabulary?.eosTokenID].compactMap { $0 } : model.eosTokenIDs
    guard ends.count <= 3 else {
      throw .unsupported(
        path, "the model has \(ends.count) tokens that end a text, and GGUF has keys for three",
        remedy: "write a Hugging Face folder, or shorten eos_token_id")
    }
    let roles = [
      ("bos", model.bosTokenID ?? vocabulary?.bosTokenID), ("eos", ends.first),
      ("eot", ends.count > 1 ? ends.last : nil),
      ("eom", ends.count > 2 ? ends[1] : nil), ("unknown", vocabulary?.unknownTokenID),
      ("padding", model.padTokenID ?? vocabulary?.padTokenID),
    ]
    for case (let role, let id?) in roles where id < model.vocabSize {
      set("tokenizer.ggml.\(role)_token_id", UInt32(id))
    }
  }
}

extension GGUFTensorType {
  /// `general.file_type` of a file whose matrices are of this writable type.
  fileprivate var fileType: UInt32 {
    switch self {
    case .float16: 1
    case .q8_0: 7
    case .bfloat16: 32
    default: 0
    }
  }
}
