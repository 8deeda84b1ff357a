import GPUTensor

extension LlamaConfiguration {
  /// Reads the members of a config.json, in the keys of transformers 4 (`rope_theta`, `rope_scaling`) or 5
  /// (`rope_parameters`).
  ///
  /// A key that the model cannot honour is refused by name, rather than read and forgotten.
  init(fields: ConfigurationFields) throws(FileError) {
    let family = try Self.family(fields)
    try Self.refuseWhatIsNotBuilt(fields, family)
    self = try family.configuration { (model) throws(FileError) in
      try model.setSizes(fields)
      try model.setRope(fields)
      try model.setFactors(fields)
    }
    try setLayers(fields)
    try validate(path: fields.path)
  }

  private static func family(_ fields: ConfigurationFields) throws(FileError) -> ModelFamily {
    // A file without model_type is what its class says, or else taken for a LLaMA, as AutoConfig does when it is told so.
    let className = try fields.strings("architectures")?.first
    let classType = ModelFamily.all.first { $0.className == className }?.modelType
    let modelType = try fields.string("model_type") ?? classType ?? "llama"
    guard let family = ModelFamily.named(modelType) else {
      let known = ModelFamily.all.map(\.modelType).joined(separator: ", ")
      throw fields.unsupported("model_type", "is \"\(modelType)\"", remedy: "give a model of one of \(known)")
    }
    return family
  }

  private static func refuseWhatIsNotBuilt(
    _ fields: ConfigurationFields, _ family: ModelFamily
  ) throws(FileError) {
    let usesWindow = try fields.bool("use_sliding_window") ?? true
    for key in VariantKey.allCases where !family.keys.contains(key) && !fields.isNeutral(key.rawValue) {
      // These say nothing by themselves.
      if [.originalMaxPositionEmbeddings, .maxWindowLayers, .useSlidingWindow, .hiddenActivation].contains(key) {
        continue
      }
      if key == .slidingWindow, !usesWindow { continue }
      throw fields.unsupported(
        key.rawValue, "is \(fields.shown(key.rawValue)) in a model of type \(family.modelType)",
        remedy: "give the model_type that the weights were made with, or take the key out")
    }
    for key in ["attention_dropout", "resid_pdrop", "embd_pdrop"] {
      if let rate = try fields.number(key), rate != 0 {
        throw fields.unsupported(key, "is \(rate)", remedy: "set it to 0.0: dropout is not built")
      }
    }
    if try fields.bool("rope_interleaved") ?? false {
      throw fields.unsupported("rope_interleaved", "is true", remedy: "export the model in rotate-half order")
    }
    if try fields.bool("use_bidirectional_attention") ?? false {
      throw fields.unsupported("use_bidirectional_attention", "is true", remedy: "give a causal model")
    }
    if !fields.isNull("quantization_config") {
      throw fields.unsupported(
        "quantization_config", "is set", remedy: "give the unquantised model, or a GGUF file")
    }
  }

  private mutating func setSizes(_ fields: ConfigurationFields) throws(FileError) {
    vocabSize = try fields.integer("vocab_size") ?? vocabSize
    hiddenSize = try fields.integer("hidden_size") ?? hiddenSize
    intermediateSize = try fields.integer("intermediate_size") ?? intermediateSize
    numHiddenLayers = try fields.integer("num_hidden_layers") ?? numHiddenLayers
    numAttentionHeads = try fields.integer("num_attention_heads") ?? numAttentionHeads
    let keyValueHeads = fields.isPresent("num_key_value_heads") ? nil : family.keyValueHeads
    numKeyValueHeads = try fields.integer("num_key_value_heads") ?? keyValueHeads ?? numAttentionHeads
    let givenHeadDim = fields.isPresent("head_dim") ? try fields.integer("head_dim") : family.headDim
    if givenHeadDim == nil, numAttentionHeads > 0, !hiddenSize.isMultiple(of: numAttentionHeads) {
      throw .invalid(
        fields.path, "hidden_size \(hiddenSize) is no multiple of num_attention_heads \(numAttentionHeads)",
        remedy: "give head_dim, or sizes that divide")
    }
    headDim = givenHeadDim ?? (numAttentionHeads > 0 ? hiddenSize / numAttentionHeads : 0)
    maxPositionEmbeddings = try fields.integer("max_position_embeddings") ?? maxPositionEmbeddings
    rmsNormEps = try fields.number("rms_norm_eps") ?? rmsNormEps
    tieWordEmbeddings = try fields.bool("tie_word_embeddings") ?? tieWordEmbeddings
    if family.keys.contains(.attentionBias), try fields.bool("attention_bias") ?? false { attentionBias = .all }
    if family.keys.contains(.mlpBias) { mlpBias = try fields.bool("mlp_bias") ?? mlpBias }
    // An absent key means the default; null means that there is none, and some old exports write −1 for that.
    if fields.isPresent("bos_token_id") { bosTokenID = try fields.tokenIDs("bos_token_id").first }
    if fields.isPresent("eos_token_id") { eosTokenIDs = try fields.tokenIDs("eos_token_id") }
    if fields.isPresent("pad_token_id") { padTokenID = try fields.tokenIDs("pad_token_id").first }
    initializerRange = try fields.number("initializer_range") ?? initializerRange
    activation = try gateActivation(fields)
  }

  private func gateActivation(_ fields: ConfigurationFields) throws(FileError) -> Activation {
    let key = family.keys.contains(.hiddenActivation) ? VariantKey.hiddenActivation.rawValue : "hidden_act"
    guard let name = try fields.string(key) else { return activation }
    guard let known = Activation(rawValue: name == "swish" ? "silu" : name) else {
      let names = Activation.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " and ")
      throw fields.unsupported(key, "is \"\(name)\"", remedy: "\(names) are built")
    }
    return known
  }

  private mutating func setFactors(_ fields: ConfigurationFields) throws(FileError) {
    func factor(_ key: VariantKey) throws(FileError) -> Double? {
      guard family.keys.contains(key), let value = try fields.number(key.rawValue) else { return nil }
      guard value.isFinite, value > 0 else {
        throw .invalid(fields.path, "\(key.rawValue) is \(value)", remedy: "give a number above 0")
      }
      return value
    }
    embeddingMultiplier = try factor(.embeddingMultiplier) ?? embeddingMultiplier
    residualMultiplier = try factor(.residualMultiplier) ?? residualMultiplier
    logitsScaling = try factor(.logitsScaling) ?? logitsScaling
    attentionScale = try factor(.attentionMultiplier) ?? attentionScale
    if let scalar = try factor(.queryPreAttnScalar) { attentionScale = 1 / scalar.squareRoot() }
    if attentionScale == 1 / Double(headDim).squareRoot() { attentionScale = nil }
    // null takes a cap away that the class has.
    if family.keys.contains(.attnLogitSoftcapping), fields.isPresent(VariantKey.attnLogitSoftcapping.rawValue) {
      attentionSoftCap = try factor(.attnLogitSoftcapping)
    }
    if family.keys.contains(.finalLogitSoftcapping), fields.isPresent(VariantKey.finalLogitSoftcapping.rawValue) {
      logitSoftCap = try factor(.finalLogitSoftcapping)
    }
  }
}
