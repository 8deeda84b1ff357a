extension LlamaConfiguration {
  /// Checks what makes the model differ from LLaMA.
  ///
  /// - Parameter path: the file or recipe key that the numbers come from, for the message.
  func validateVariant(path: String) throws(FileError) {
    if let window = slidingWindow, !(1...Int(Int32.max)).contains(window) {
      throw .invalid(
        path, "sliding_window is \(window)", remedy: "give the positions that a layer sees, or null")
    }
    let columns = rotaryDim ?? headDim
    guard columns.isMultiple(of: 2), (2...headDim).contains(columns) else {
      throw .invalid(
        path, "\(columns) of \(headDim) columns of a head would turn",
        remedy: "rotary embedding turns pairs: let partial_rotary_factor times head_dim be even and above 0")
    }
    let factors = [
      ("embedding_multiplier", embeddingMultiplier), ("residual_multiplier", residualMultiplier),
      ("logits_scaling", logitsScaling), ("the factor of the attention scores", attentionScale ?? 1),
      ("attn_logit_softcapping", attentionSoftCap ?? 1), ("final_logit_softcapping", logitSoftCap ?? 1),
      ("the rotary base of windowed layers", windowRope?.theta ?? 1),
    ]
    for (key, factor) in factors where !factor.isFinite || factor <= 0 {
      throw .invalid(path, "\(key) is \(factor)", remedy: "give a number above 0")
    }
    try validateScaling(ropeScaling, columns: columns, path: path)
    if let windowRope { try validateScaling(windowRope.scaling, columns: columns, path: path) }
  }

  private func validateScaling(_ scaling: RopeScaling, columns: Int, path: String) throws(FileError) {
    guard case .longRope(let long) = scaling else { return }
    for (key, factors) in [("short_factor", long.shortFactors), ("long_factor", long.longFactors)] {
      guard factors.count == columns / 2 else {
        throw .invalid(
          path, "\(key) has \(factors.count) numbers, and \(columns / 2) pairs of a head turn",
          remedy: "give one for each pair")
      }
      if let factor = factors.first(where: { !$0.isFinite || $0 <= 0 }) {
        throw .invalid(path, "\(key) holds \(factor)", remedy: "give numbers above 0")
      }
    }
    guard long.attentionFactor.isFinite, long.attentionFactor > 0 else {
      throw .invalid(
        path, "the attention_factor of LongRoPE is \(long.attentionFactor)",
        remedy: "let max_position_embeddings and original_max_position_embeddings be above 1")
    }
  }
}
