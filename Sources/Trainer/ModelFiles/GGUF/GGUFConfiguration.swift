extension LlamaConfiguration {
  /// Reads the keys of a GGUF file's architecture; what they leave open is read off the tensors.
  init(_ file: GGUFFile, vocabulary: VocabularyDescription?) throws(FileError) {
    let (family, keys) = try Self.family(file)
    try Self.refuseWhatIsNotBuilt(keys, family)
    let shapes = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.shape) })
    self = try family.configuration { (model) throws(FileError) in
      try model.setSizes(keys, shapes)
      try model.setTokens(keys.metadata, vocabulary)
      try model.setRope(keys)
      model.windowRope = nil
    }
    try setFactors(keys)
    try setLayers(keys)
    try checkHeads(keys)
    try validate(path: file.path)
  }

  /// The family of an architecture. A LLaMA with a window is a Mistral.
  private static func family(_ file: GGUFFile) throws(FileError) -> (ModelFamily, GGUFModelKeys) {
    let architecture = try file.metadata.string("general.architecture") ?? "none"
    let keys = GGUFModelKeys(file.metadata, architecture: architecture)
    let families = ModelFamily.all.filter { $0.ggufArchitecture == architecture }
    let hasWindow = try keys.uniformInteger("attention.sliding_window") ?? 0 > 0
    guard let family = families.first(where: { $0.keys.contains(.slidingWindow) == hasWindow }) ?? families.first else {
      var known: [String] = []
      for family in ModelFamily.all where !known.contains(family.ggufArchitecture) {
        known.append(family.ggufArchitecture)
      }
      throw .unsupported(
        file.path, "general.architecture is \"\(architecture)\"",
        remedy: "give a model of one of \(known.joined(separator: ", "))")
    }
    return (family, keys)
  }

  private mutating func setSizes(_ keys: GGUFModelKeys, _ shapes: [String: [Int]]) throws(FileError) {
    vocabSize = try keys.required("vocab_size", keys.integer("vocab_size") ?? shapes["token_embd.weight"]?.first)
    hiddenSize = try keys.required("embedding_length", keys.integer("embedding_length"))
    intermediateSize = try keys.required("feed_forward_length", keys.uniformInteger("feed_forward_length"))
    numHiddenLayers = try keys.required("block_count", keys.integer("block_count"))
    numAttentionHeads = try keys.required("attention.head_count", keys.uniformInteger("attention.head_count"))
    numKeyValueHeads = try keys.uniformInteger("attention.head_count_kv") ?? numAttentionHeads
    // A file may give 0 heads, which is refused later.
    headDim = try keys.integer("attention.key_length") ?? (numAttentionHeads > 0 ? hiddenSize / numAttentionHeads : 0)
    maxPositionEmbeddings = try keys.required("context_length", keys.integer("context_length"))
    let epsilon = "attention.layer_norm_rms_epsilon"
    rmsNormEps = try keys.required(epsilon, keys.number(epsilon))
    tieWordEmbeddings = shapes["output.weight"] == nil
    let isBiased = shapes["blk.0.attn_q.bias"] ?? shapes["blk.0.attn_qkv.bias"] != nil
    attentionBias = shapes["blk.0.attn_output.bias"] != nil ? .all : isBiased ? .queryKeyValue : .none
    mlpBias = shapes["blk.0.ffn_up.bias"] != nil
  }

  private mutating func setTokens(
    _ metadata: GGUFMetadata, _ vocabulary: VocabularyDescription?
  ) throws(FileError) {
    // The ids of a SentencePiece vocabulary whose file is silent are the ones it is trained with.
    let isSentencePiece = vocabulary?.model == "llama"
    // Chat models stop at the end of a turn too, and at the end of a message that calls a tool.
    let endTokens = [
      try metadata.tokenID("eos") ?? (isSentencePiece ? 2 : nil), try metadata.tokenID("eom"),
      try metadata.tokenID("eot"),
    ]
    bosTokenID = try metadata.tokenID("bos") ?? (isSentencePiece ? 1 : nil)
    eosTokenIDs = endTokens.compactMap { $0 }.uniqued()
    padTokenID = try metadata.tokenID("padding")
  }

  private mutating func setFactors(_ keys: GGUFModelKeys) throws(FileError) {
    embeddingMultiplier = try keys.factor("embedding_scale") ?? embeddingMultiplier
    residualMultiplier = try keys.factor("residual_scale") ?? residualMultiplier
    logitsScaling = try keys.factor("logit_scale") ?? logitsScaling
    attentionScale = try keys.factor("attention.scale") ?? ggufAttentionScale
    if family.keys.contains(.attnLogitSoftcapping) {
      attentionSoftCap = try keys.factor("attn_logit_softcapping") ?? attentionSoftCap
    }
    if family.keys.contains(.finalLogitSoftcapping) {
      logitSoftCap = try keys.factor("final_logit_softcapping") ?? logitSoftCap
    }
  }

  /// Factor of the scores of a file that does not give it: 1 / √D, which nil says too, except in the largest Gemmas.
  var ggufAttentionScale: Double? {
    let isLargest = (family == .gemma2 && numHiddenLayers == 46) || (family == .gemma3 && numHiddenLayers == 62)
    return isLargest ? 1 / (Double(hiddenSize) / Double(numAttentionHeads)).squareRoot() : nil
  }

  /// Windows by layer, of the architecture's own pattern where the file has none.
  private mutating func setLayers(_ keys: GGUFModelKeys) throws(FileError) {
    let key = "attention.sliding_window_pattern"
    if let isWindowed = try keys.bools(key) {
      guard isWindowed.count == numHiddenLayers else {
        throw keys.unsupported(
          key, "an array of \(isWindowed.count)",
          remedy: "give a file with a value for each of \(numHiddenLayers) layers")
      }
      windowedLayers = Set(isWindowed.indices.filter { isWindowed[$0] })
    } else if let interval = try keys.integer(key), interval > 0 {
      windowedLayers = layers(exceptEvery: interval)
    }
    slidingWindow = try keys.uniformInteger("attention.sliding_window").flatMap { $0 > 0 ? $0 : nil }
    clearUnusedWindow()
    guard family.keys.contains(.ropeLocalBaseFreq), slidingWindow != nil else { return }
    // The base that llama.cpp takes for Gemma 3's windows where a file is silent.
    let rope = RotaryEmbedding(theta: try keys.number("rope.freq_base_swa") ?? 10000)
    windowRope = rope == self.rope ? nil : rope
  }

  /// Values must be as wide as keys, and rotary embedding turn whole heads unless the family turns a part.
  private func checkHeads(_ keys: GGUFModelKeys) throws(FileError) {
    let turned = family.keys.contains(.partialRotaryFactor) ? [] : ["rope.dimension_count"]
    for key in ["attention.value_length"] + turned {
      if let width = try keys.integer(key), width != headDim {
        throw keys.unsupported(key, "\(width), but heads are \(headDim) wide", remedy: "give a model where they agree")
      }
    }
  }

  private static func refuseWhatIsNotBuilt(_ keys: GGUFModelKeys, _ family: ModelFamily) throws(FileError) {
    if let count = try keys.uniformInteger("expert_count"), count > 0 {
      throw keys.unsupported("expert_count", count, remedy: "give a dense model")
    }
    if !family.keys.contains(.slidingWindow), let window = try keys.uniformInteger("attention.sliding_window"),
      window > 0
    {
      throw keys.unsupported("attention.sliding_window", window, remedy: "give a model with full attention")
    }
    let factors: [(String, VariantKey)] = [
      ("logit_scale", .logitsScaling), ("residual_scale", .residualMultiplier),
      ("embedding_scale", .embeddingMultiplier), ("attention.scale", .attentionMultiplier),
      ("attn_logit_softcapping", .attnLogitSoftcapping), ("final_logit_softcapping", .finalLogitSoftcapping),
    ]
    for (key, variant) in factors where !family.keys.contains(variant) {
      if let scale = try keys.factor(key), scale != 1 || key == "attention.scale" {
        throw keys.unsupported(key, scale, remedy: "give a model without this factor")
      }
    }
    for key in ["attention.clamp_kqv", "attention.max_alibi_bias"] {
      if let value = try keys.factor(key) { throw keys.unsupported(key, value, remedy: "give a model without it") }
    }
    if try keys.bool("use_parallel_residual") ?? false {
      throw keys.unsupported("use_parallel_residual", true, remedy: "give a model without it")
    }
    if try keys.bool("attention.causal") == false {
      throw keys.unsupported("attention.causal", false, remedy: "give a causal model")
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
