extension LlamaConfiguration {
  /// Reads the rotary bases, their stretching, and the share of a head that turns, from whichever dialect the file
  /// speaks: `rope_theta` and `rope_scaling`, or `rope_parameters`, by layer type where they differ.
  mutating func setRope(_ fields: ConfigurationFields) throws(FileError) {
    if family.keys.contains(.ropeLocalBaseFreq), let theta = try fields.number(VariantKey.ropeLocalBaseFreq.rawValue) {
      windowRope = RotaryEmbedding(theta: theta)
    }
    let theta = try fields.number("rope_theta")
    let key = fields.isNull("rope_parameters") ? "rope_scaling" : "rope_parameters"
    let whole = try fields.section(key)
    var section = whole
    if let whole, !whole.isNull("full_attention") {
      section = try whole.section("full_attention")
      if let windows = try whole.section("sliding_attention") {
        windowRope = try embedding(windows, key: "\(key).sliding_attention", theta: nil, fields)
      }
    }
    let rope = try embedding(section, key: key, theta: theta, fields)
    (ropeTheta, ropeScaling) = (rope.theta, rope.scaling)
    if key == "rope_parameters", let older = try fields.section("rope_scaling"),
      try scaling(older, fields) != ropeScaling
    {
      throw fields.unsupported(
        "rope_scaling", "stands beside rope_parameters and says something else",
        remedy: "write what is meant into rope_parameters, and remove rope_scaling")
    }
    if windowRope == rope { windowRope = nil }
    guard family.keys.contains(.partialRotaryFactor) else {
      if let section, !section.isNeutral(VariantKey.partialRotaryFactor.rawValue) {
        throw section.unsupported(
          VariantKey.partialRotaryFactor.rawValue, "is \(section.shown(VariantKey.partialRotaryFactor.rawValue))",
          remedy: "models of type \(family.modelType) turn whole heads")
      }
      return
    }
    let inner = try section?.number(VariantKey.partialRotaryFactor.rawValue)
    let outer = try fields.number(VariantKey.partialRotaryFactor.rawValue)
    let share = inner ?? outer ?? 1
    guard share > 0, share <= 1 else {
      throw .invalid(fields.path, "partial_rotary_factor is \(share)", remedy: "give a number above 0, up to 1.0")
    }
    if share < 1 { rotaryDim = Int(Double(headDim) * share) }
  }

  /// The embedding of a section; theta and scaling of the family where it is nil or silent.
  private func embedding(
    _ rope: ConfigurationFields?, key: String, theta: Double?, _ fields: ConfigurationFields
  ) throws(FileError) -> RotaryEmbedding {
    guard let rope else { return RotaryEmbedding(theta: theta ?? ropeTheta) }
    let innerTheta = try rope.number("rope_theta")
    if let theta, let innerTheta, theta != innerTheta {
      throw .invalid(
        fields.path, "rope_theta is \(theta), but \(key) has rope_theta \(innerTheta)", remedy: "give it once")
    }
    return RotaryEmbedding(theta: innerTheta ?? theta ?? ropeTheta, scaling: try scaling(rope, fields))
  }

  private func scaling(_ rope: ConfigurationFields, _ fields: ConfigurationFields) throws(FileError) -> RopeScaling {
    // Files from before transformers 4.43 say "type".
    let olderType = try rope.string("type")
    let type = try rope.string("rope_type") ?? olderType ?? "default"
    // The first files of Phi-3 call LongRoPE "su" or "yarn".
    if family.keys.contains(.originalMaxPositionEmbeddings), ["su", "yarn"].contains(type) {
      return .longRope(try longRope(rope, fields))
    }
    switch type {
    case "default":
      return .none
    case "linear":
      return .linear(factor: try rope.required("factor", rope.number("factor")))
    case "dynamic":
      return .dynamic(factor: try rope.required("factor", rope.number("factor")))
    case "yarn":
      return .yarn(try yarn(rope))
    case "llama3":
      return .llama3(
        factor: try rope.required("factor", rope.number("factor")),
        lowFreqFactor: try rope.required("low_freq_factor", rope.number("low_freq_factor")),
        highFreqFactor: try rope.required("high_freq_factor", rope.number("high_freq_factor")),
        originalMaxPositionEmbeddings: try rope.required(
          "original_max_position_embeddings", rope.integer("original_max_position_embeddings")))
    case "longrope":
      return .longRope(try longRope(rope, fields))
    default:
      throw rope.unsupported(
        rope.isNull("rope_type") ? "type" : "rope_type", "is \"\(type)\"",
        remedy: "default, linear, dynamic, yarn, llama3 and longrope are built")
    }
  }

  /// YaRN's constants, with transformers' defaults.
  private func yarn(_ rope: ConfigurationFields) throws(FileError) -> YarnScaling {
    let original = try rope.integer("original_max_position_embeddings") ?? maxPositionEmbeddings
    var factor = try rope.number("factor")
    if factor == nil, original > 0, original < maxPositionEmbeddings {
      factor = Double(maxPositionEmbeddings) / Double(original)
    }
    let stretch = try rope.required("factor", factor)
    var attention = try rope.number("attention_factor")
    if attention == nil, let scale = try rope.number("mscale"), let whole = try rope.number("mscale_all_dim"),
      scale != 0, whole != 0
    {
      attention =
        YarnScaling.attentionFactor(stretch, scale: scale) / YarnScaling.attentionFactor(stretch, scale: whole)
    }
    return YarnScaling(
      factor: stretch, originalMaxPositionEmbeddings: original, betaFast: try rope.number("beta_fast") ?? 32,
      betaSlow: try rope.number("beta_slow") ?? 1, attentionFactor: attention,
      truncate: try rope.bool("truncate") ?? true)
  }

  /// LongRoPE's constants; the context of pretraining stands beside the section or in it.
  private func longRope(
    _ rope: ConfigurationFields, _ fields: ConfigurationFields
  ) throws(FileError) -> LongRopeScaling {
    let key = VariantKey.originalMaxPositionEmbeddings.rawValue
    let outer = try fields.integer(key)
    let inner = try rope.integer(key)
    let isPhi3 = family.keys.contains(.originalMaxPositionEmbeddings)
    let original = outer ?? inner ?? (isPhi3 ? Self.phi3OriginalPositions : maxPositionEmbeddings)
    let factor = try rope.number("factor")
    return LongRopeScaling(
      shortFactors: try rope.required("short_factor", rope.numbers("short_factor")),
      longFactors: try rope.required("long_factor", rope.numbers("long_factor")),
      originalMaxPositionEmbeddings: original,
      factor: factor ?? Double(maxPositionEmbeddings) / Double(max(original, 1)),
      attentionFactor: try rope.number("attention_factor"))
  }

  /// `original_max_position_embeddings` where a file is silent.
  private static let phi3OriginalPositions = 4096
}
