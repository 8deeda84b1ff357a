extension LlamaConfiguration {
  /// Largest size of a single dimension: products of two still fit in 64 bits.
  private static let maximumSize = Int(Int32.max)

  /// Most blocks, more than any LLaMA has: a corrupt count cannot fill the memory with names.
  private static let maximumLayers = 4096

  /// Checks that the numbers make a model; sizes derived from a validated configuration do not overflow.
  ///
  /// - Parameter path: the file or recipe key that the numbers come from, for the message.
  package func validate(path: String) throws(FileError) {
    let sizes = [
      ("vocab_size", vocabSize), ("hidden_size", hiddenSize), ("intermediate_size", intermediateSize),
      ("num_attention_heads", numAttentionHeads), ("num_key_value_heads", numKeyValueHeads), ("head_dim", headDim),
      ("max_position_embeddings", maxPositionEmbeddings),
    ]
    for (key, size) in sizes where !(1...Self.maximumSize).contains(size) {
      throw .invalid(path, "\(key) is \(size)", remedy: "give a number from 1 to \(Self.maximumSize)")
    }
    guard (1...Self.maximumLayers).contains(numHiddenLayers) else {
      throw .invalid(
        path, "num_hidden_layers is \(numHiddenLayers)", remedy: "give a number from 1 to \(Self.maximumLayers)")
    }
    guard numAttentionHeads.isMultiple(of: numKeyValueHeads) else {
      throw .invalid(
        path, "num_attention_heads \(numAttentionHeads) is no multiple of num_key_value_heads \(numKeyValueHeads)",
        remedy: "let each key head serve the same number of query heads")
    }
    guard headDim.isMultiple(of: 2) else {
      throw .invalid(
        path, "head_dim \(headDim) is odd", remedy: "rotary embedding turns pairs: give an even head_dim")
    }
    guard queryWidth <= Self.maximumSize else {
      throw .invalid(
        path, "num_attention_heads \(numAttentionHeads) times head_dim \(headDim) is \(queryWidth)",
        remedy: "at most \(Self.maximumSize) is possible")
    }
    try validateConstants(path: path)
    try validateVariant(path: path)
    try validateParameterCount(path: path)
  }

  private func validateConstants(path: String) throws(FileError) {
    guard rmsNormEps.isFinite, rmsNormEps > 0, rmsNormEps < 1 else {
      throw .invalid(path, "rms_norm_eps is \(rmsNormEps)", remedy: "give a number between 0 and 1, such as 1e-5")
    }
    guard ropeTheta.isFinite, ropeTheta > 0 else {
      throw .invalid(path, "rope_theta is \(ropeTheta)", remedy: "give a number above 0, such as 10000.0")
    }
    guard initializerRange.isFinite, initializerRange >= 0, initializerRange <= 1 else {
      throw .invalid(
        path, "initializer_range is \(initializerRange)", remedy: "give a number from 0 to 1, such as 0.02")
    }
    try validateScaling(path: path)
  }

  private func validateScaling(path: String) throws(FileError) {
    switch ropeScaling {
    case .none: break
    case .longRope(let long): try validateOriginal(long.originalMaxPositionEmbeddings, path: path)
    case .linear(let factor), .dynamic(let factor):
      try validateFactor(factor, path: path)
    case .yarn(let yarn):
      try validateFactor(yarn.factor, path: path)
      guard yarn.betaSlow.isFinite, yarn.betaFast.isFinite, yarn.betaSlow > 0, yarn.betaFast >= yarn.betaSlow else {
        throw .invalid(
          path, "rope_scaling has beta_slow \(yarn.betaSlow) and beta_fast \(yarn.betaFast)",
          remedy: "the fast one must not be below the slow one, and both above 0")
      }
      guard yarn.attentionFactor.isFinite, yarn.attentionFactor > 0, ropeTheta > 1 else {
        throw .invalid(
          path, "rope_scaling has attention_factor \(yarn.attentionFactor) and rope_theta is \(ropeTheta)",
          remedy: "give an attention_factor above 0, and a base above 1")
      }
      try validateOriginal(yarn.originalMaxPositionEmbeddings, path: path)
    case .llama3(let factor, let low, let high, let original):
      try validateFactor(factor, path: path)
      guard low.isFinite, high.isFinite, low > 0, high > low else {
        throw .invalid(
          path, "rope_scaling has low_freq_factor \(low) and high_freq_factor \(high)",
          remedy: "the high one must be above the low one, and both above 0")
      }
      try validateOriginal(original, path: path)
    }
  }

  private func validateOriginal(_ length: Int, path: String) throws(FileError) {
    guard (1...Self.maximumSize).contains(length) else {
      throw .invalid(
        path, "rope_scaling has original_max_position_embeddings \(length)",
        remedy: "give the context length before the stretching, such as 8192")
    }
  }

  private func validateFactor(_ factor: Double, path: String) throws(FileError) {
    guard factor.isFinite, factor >= 1 else {
      throw .invalid(path, "rope_scaling has factor \(factor)", remedy: "give a number of at least 1.0")
    }
  }

  private func validateParameterCount(path: String) throws(FileError) {
    var total = 0
    for parameter in parameters {
      let (sum, overflows) = total.addingReportingOverflow(parameter.elementCount)
      // Eight bytes a number is the most that anything here stores.
      guard !overflows, sum <= Int.max / 8 else {
        throw .invalid(
          path, "the sizes make more than \(Int.max / 8) parameters", remedy: "check hidden_size and its siblings")
      }
      total = sum
    }
  }
}
