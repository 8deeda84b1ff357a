extension LlamaConfiguration {
  /// The content of config.json, in the keys that every transformers reads which knows the family (LLaMA: since 4.43).
  ///
  /// - Parameter storage: form in which the weights beside it are stored; becomes `torch_dtype`.
  package func huggingFaceConfig(storage: FloatStorage = .float32) -> JSON {
    var members: [(String, JSON)] = [
      ("architectures", [.string(family.className)]),
      ("model_type", .string(family.modelType)),
      ("vocab_size", .integer(vocabSize)),
      ("hidden_size", .integer(hiddenSize)),
      ("intermediate_size", .integer(intermediateSize)),
      ("num_hidden_layers", .integer(numHiddenLayers)),
      ("num_attention_heads", .integer(numAttentionHeads)),
      ("num_key_value_heads", .integer(numKeyValueHeads)),
      ("head_dim", .integer(headDim)),
      (family.keys.contains(.hiddenActivation) ? "hidden_activation" : "hidden_act", .string(activation.rawValue)),
      ("max_position_embeddings", .integer(maxPositionEmbeddings)),
      ("initializer_range", .number(initializerRange)),
      ("rms_norm_eps", .number(rmsNormEps)),
      ("rope_theta", .number(ropeTheta)),
      ("rope_scaling", ropeScalingSection),
      ("attention_dropout", .number(0)),
    ]
    if family == .llama { members.append(("pretraining_tp", 1)) }
    members += variantMembers + layerMembers
    members += [
      ("tie_word_embeddings", .bool(tieWordEmbeddings)),
      ("bos_token_id", Self.ids([bosTokenID].compactMap { $0 })),
      ("eos_token_id", Self.ids(eosTokenIDs)),
      ("pad_token_id", Self.ids([padTokenID].compactMap { $0 })),
      ("torch_dtype", .string(storage.torchName)),
      ("use_cache", true),
    ]
    return .object(JSONObject(members))
  }

  /// The members that the family's class has beyond LLaMA's sizes.
  private var variantMembers: [(String, JSON)] {
    var members: [(String, JSON)] = []
    func add(_ key: VariantKey, _ value: @autoclosure () -> JSON) {
      if family.keys.contains(key) { members.append((key.rawValue, value())) }
    }
    func cap(_ cap: Double?) -> JSON { cap.map { .number($0) } ?? .null }
    add(.attentionBias, .bool(attentionBias == .all))
    add(.mlpBias, .bool(mlpBias))
    add(.partialRotaryFactor, .number(Double(rotaryDim ?? headDim) / Double(headDim)))
    add(.originalMaxPositionEmbeddings, .integer(originalPositions))
    add(.ropeLocalBaseFreq, .number(windowRope?.theta ?? ropeTheta))
    add(.embeddingMultiplier, .number(embeddingMultiplier))
    add(.residualMultiplier, .number(residualMultiplier))
    add(.logitsScaling, .number(logitsScaling))
    let scale = attentionScale ?? 1 / Double(headDim).squareRoot()
    add(.attentionMultiplier, .number(scale))
    // transformers' class takes an integer, whose root the scale is one over.
    add(.queryPreAttnScalar, .integer(Int((1 / (scale * scale)).rounded())))
    add(.attnLogitSoftcapping, cap(attentionSoftCap))
    add(.finalLogitSoftcapping, cap(logitSoftCap))
    return members
  }

  /// Context of pretraining, which LongRoPE names.
  private var originalPositions: Int {
    if case .longRope(let long) = ropeScaling { long.originalMaxPositionEmbeddings } else { maxPositionEmbeddings }
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
    case .longRope(let long): longRopeSection(long)
    case .llama3(let factor, let low, let high, let original):
      [
        "rope_type": "llama3", "factor": .number(factor), "low_freq_factor": .number(low),
        "high_freq_factor": .number(high), "original_max_position_embeddings": .integer(original),
      ]
    }
  }

  /// Three members, which are all that transformers before 4.50 allows, unless the attention's factor is not the paper's.
  private func longRopeSection(_ long: LongRopeScaling) -> JSON {
    var members: [(String, JSON)] = [
      ("type", "longrope"), ("short_factor", .array(long.shortFactors.map { .number($0) })),
      ("long_factor", .array(long.longFactors.map { .number($0) })),
    ]
    let original = long.originalMaxPositionEmbeddings
    let stretch = Double(maxPositionEmbeddings) / Double(original)
    if long.attentionFactor != LongRopeScaling.attentionFactor(stretch, original: original) {
      members.append(("attention_factor", .number(long.attentionFactor)))
    }
    return .object(JSONObject(members))
  }

  /// No id as null, one as itself, several as a list.
  private static func ids(_ ids: [Int]) -> JSON {
    if ids.count > 1 { .array(ids.map { .integer($0) }) } else { ids.first.map { .integer($0) } ?? .null }
  }
}
