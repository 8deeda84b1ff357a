extension MemorySettings {
  /// The keys of the whole recipe that save memory.
  static let keys: [Key<MemorySettings>] = [
    Key(
      "recompute", \.recompute, .word,
      "Activations that are recomputed in the backward pass: none, those of norms and gates, also attention's "
        + "projections, or a whole block's."),
    Key(
      "optimizer_in_bwd", \.optimizerInBackward, .flag,
      "Updates each weight in the backward pass, as soon as its gradient is known, so that gradients are not kept."),
    Key(
      "offload_base", \.offloadsBase, .flag,
      "Keeps the frozen linear layers in host memory, and sends those of a block to the device when the block runs."),
  ]
}

extension Recipe {
  /// Refuses memory settings that contradict the method or a round's settings.
  func checkMemory(at reader: RecipeReader) throws(RecipeError) {
    if memory.offloadsBase { try checkOffloading(at: reader.place(of: "offload_base")) }
    if memory.optimizerInBackward { try checkUpdates(at: reader.place(of: "optimizer_in_bwd")) }
  }

  private func checkOffloading(at place: String) throws(RecipeError) {
    let reason: String
    switch method {
    case .full:
      reason = "keeps weights that are frozen in host memory, and method.type full trains them: set it to lora"
    case .lora(let settings, _) where settings.betweenRounds == .merge:
      reason = "keeps the weights in host memory, where nothing is merged into them: set method.between_rounds: stack"
    case .lora where memory.recompute != .block:
      reason = "sends a block's weights again when its activations are made again: set recompute: block"
    case .lora: return
    }
    throw RecipeError(place: place, message: "offload_base: true " + reason)
  }

  private func checkUpdates(at place: String) throws(RecipeError) {
    for round in rounds {
      if round.settings.gradientAccumulationSteps > 1 {
        throw RecipeError(
          place: place,
          message: "optimizer_in_bwd: true keeps no gradients to add up, and round '\(round.name)' has "
            + "gradient_accumulation_steps: \(round.settings.gradientAccumulationSteps): set it to 1")
      }
      if round.settings.maxGradNorm > 0 {
        throw RecipeError(
          place: place,
          message: "optimizer_in_bwd: true moves weights before the norm of all gradients is known, and round "
            + "'\(round.name)' has max_grad_norm: \(SettingValue.number(round.settings.maxGradNorm).yaml): set it to 0")
      }
    }
  }
}
