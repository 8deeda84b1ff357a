extension GGUFMetadataEncoder {
  /// The keys `general.*` and `llama.*` of a model.
  ///
  /// - Parameter type: how the matrices are stored.
  /// - Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
  mutating func set(_ model: LlamaConfiguration, name: String, type: GGUFTensorType, path: String)
    throws(FileError)
  {
    set("general.architecture", "llama")
    set("general.type", "model")
    set("general.name", name)
    set("general.file_type", type.fileType)
    if type.blockCount > 1 { set("general.quantization_version", UInt32(2)) }
    // Validated sizes are below 2^31.
    set("llama.vocab_size", UInt32(model.vocabSize))
    set("llama.context_length", UInt32(model.maxPositionEmbeddings))
    set("llama.embedding_length", UInt32(model.hiddenSize))
    set("llama.block_count", UInt32(model.numHiddenLayers))
    set("llama.feed_forward_length", UInt32(model.intermediateSize))
    set("llama.attention.head_count", UInt32(model.numAttentionHeads))
    set("llama.attention.head_count_kv", UInt32(model.numKeyValueHeads))
    set("llama.attention.key_length", UInt32(model.headDim))
    set("llama.attention.value_length", UInt32(model.headDim))
    set("llama.attention.layer_norm_rms_epsilon", Float(model.rmsNormEps))
    set("llama.rope.dimension_count", UInt32(model.headDim))
    set("llama.rope.freq_base", Float(model.ropeTheta))
    try set(model.ropeScaling, path: path)
  }

  /// Llama 3's scaling is no key but a tensor; dynamic scaling, which GGUF does not know, changes nothing within the
  /// context length.
  private mutating func set(_ scaling: RopeScaling, path: String) throws(FileError) {
    let prefix = "llama.rope.scaling."
    switch scaling {
    case .none, .dynamic, .llama3: break
    case .linear(let factor):
      set(prefix + "type", "linear")
      set(prefix + "factor", Float(factor))
    case .yarn(let yarn):
      guard yarn.truncate else {
        throw .unsupported(
          path, "rope_scaling.truncate is false, for which GGUF has no key", remedy: "write a Hugging Face folder")
      }
      set(prefix + "type", "yarn")
      set(prefix + "factor", Float(yarn.factor))
      set(prefix + "original_context_length", UInt32(yarn.originalMaxPositionEmbeddings))
      set(prefix + "yarn_beta_fast", Float(yarn.betaFast))
      set(prefix + "yarn_beta_slow", Float(yarn.betaSlow))
      let usual = YarnScaling.attentionFactor(yarn.factor)
      if yarn.attentionFactor != usual { set(prefix + "attn_factor", Float(yarn.attentionFactor / usual)) }
    }
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
