extension LlamaConfiguration {
  /// Reads the rotary base, its scaling, and the columns that turn. Llama 3's scaling and LongRoPE's factors are no keys
  /// but tensors (`GGUFRopeFrequencies`).
  mutating func setRope(_ keys: GGUFModelKeys) throws(FileError) {
    // Without the key llama.cpp takes LLaMA's base, whatever the family's own.
    ropeTheta = try keys.number("rope.freq_base") ?? 10000
    ropeScaling = try scaling(keys)
    guard family.keys.contains(.partialRotaryFactor), let columns = try keys.integer("rope.dimension_count") else {
      return
    }
    rotaryDim = columns == headDim ? nil : columns
  }

  private func scaling(_ keys: GGUFModelKeys) throws(FileError) -> RopeScaling {
    let type = try keys.string("rope.scaling.type")
    let hasFactors = family.keys.contains(.originalMaxPositionEmbeddings)
    if type != "yarn", !hasFactors, let scale = try keys.factor("rope.scaling.attn_factor"), scale != 1 {
      throw keys.unsupported("rope.scaling.attn_factor", scale, remedy: "give a model without this factor")
    }
    var factor = try keys.number("rope.scaling.factor")
    if factor == nil { factor = try keys.number("rope.scale_linear") }
    switch type {
    case nil, "linear":
      // A factor of 0 is how exports write "none".
      guard let factor, factor != 0, factor != 1 else { return .none }
      return .linear(factor: factor)
    case "none":
      return .none
    case "yarn":
      return try yarn(keys, factor: factor ?? 1)
    case "longrope" where hasFactors:
      // The tensors say the rest.
      return .none
    case let type?:
      throw keys.unsupported(
        "rope.scaling.type", "\"\(type)\"", remedy: "none, linear and yarn can be read from GGUF")
    }
  }

  /// YaRN, whose sharpening of the scores GGUF holds relative to the paper's.
  private func yarn(_ keys: GGUFModelKeys, factor: Double) throws(FileError) -> RopeScaling {
    let prefix = "rope.scaling."
    let attention = try keys.number(prefix + "attn_factor") ?? 1
    return .yarn(
      YarnScaling(
        factor: factor,
        originalMaxPositionEmbeddings: try keys.integer(prefix + "original_context_length") ?? maxPositionEmbeddings,
        betaFast: try keys.number(prefix + "yarn_beta_fast") ?? 32,
        betaSlow: try keys.number(prefix + "yarn_beta_slow") ?? 1,
        attentionFactor: attention == 1 ? nil : attention * YarnScaling.attentionFactor(factor)))
  }

  /// Sets the scaling that tensors of the file hold in place of keys.
  mutating func setRopeScaling(_ tensors: [String: [Float]], _ file: GGUFFile) throws(FileError) {
    guard !tensors.isEmpty else { return }
    let width = (rotaryDim ?? headDim) / 2
    for (name, factors) in tensors where factors.count != width || ropeScaling != .none {
      throw .unsupported(
        file.path, "\(name) of shape [\(factors.count)] does not fit heads of \(headDim) without another scaling",
        remedy: "give the model as a Hugging Face folder")
    }
    if let factors = tensors[GGUFTensorName.ropeFrequencies] {
      guard let scaling = GGUFRopeFrequencies.scaling(factors: factors, theta: ropeTheta) else {
        throw .unsupported(
          file.path, "\(GGUFTensorName.ropeFrequencies) holds factors that no known Llama 3 scaling makes",
          remedy: "give the model as a Hugging Face folder")
      }
      ropeScaling = scaling
    }
    guard let short = tensors[GGUFTensorName.shortRopeFactors], let long = tensors[GGUFTensorName.longRopeFactors]
    else {
      return
    }
    let keys = GGUFModelKeys(file.metadata, architecture: family.ggufArchitecture)
    let original = try keys.integer("rope.scaling.original_context_length") ?? maxPositionEmbeddings
    let stretch = Double(maxPositionEmbeddings) / Double(max(original, 1))
    let usual = LongRopeScaling.attentionFactor(stretch, original: original)
    let stored = try keys.factor("rope.scaling.attn_factor") ?? 1
    func exact(_ factors: [Float]) -> [Double] { factors.map { Double("\($0)") ?? Double($0) } }
    // The file holds the paper's factor in 32 bits.
    ropeScaling = .longRope(
      LongRopeScaling(
        shortFactors: exact(short), longFactors: exact(long), originalMaxPositionEmbeddings: original, factor: stretch,
        attentionFactor: Float(usual) == Float(stored) ? usual : stored))
  }
}
