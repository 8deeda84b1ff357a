import GPUTensor

extension MemorySettings {
  /// The recipe's keys, in the order in which they are written.
  static let keys = ["recompute", "optim", "optimizer_in_bwd", "offload_base"]

  /// What the recipe's keys say; method and rounds must suit it.
  init(_ reader: RecipeReader, method: TrainingMethod, rounds: [ResolvedRound]) throws(RecipeError) {
    self.init(
      recompute: try reader.word("recompute", as: Llama.Recompute.self) ?? .elementwise,
      moments: try reader.word("optim", as: OptimizerMoments.self) ?? .float32,
      optimizerInBackward: try reader.boolean("optimizer_in_bwd") ?? false,
      offloadsBase: try reader.boolean("offload_base") ?? false)
    if offloadsBase { try checkOffloading(method, at: reader) }
    if optimizerInBackward { try Self.checkOptimizer(of: rounds, at: reader) }
  }

  private func checkOffloading(_ method: TrainingMethod, at reader: RecipeReader) throws(RecipeError) {
    let reason: String
    switch method {
    case .full:
      reason = "keeps weights that are frozen in host memory, and method.type full trains them: set it to lora"
    case .lora(let settings, _) where settings.betweenRounds == .merge:
      reason = "keeps the weights in host memory, where nothing is merged into them: set method.between_rounds: stack"
    case .lora where recompute != .block:
      reason = "sends a block's weights again when its activations are made again: set recompute: block"
    case .lora: return
    }
    throw RecipeError(
      place: reader.node("offload_base")?.place ?? reader.place, message: "offload_base: true " + reason)
  }

  private static func checkOptimizer(of rounds: [ResolvedRound], at reader: RecipeReader) throws(RecipeError) {
    let place = reader.node("optimizer_in_bwd")?.place ?? reader.place
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
            + "'\(round.name)' has max_grad_norm: \(RecipeYAML.number(round.settings.maxGradNorm)): set it to 0")
      }
    }
  }

  /// The keys and their values.
  var yaml: [String] {
    zip(Self.keys, [recompute.rawValue, moments.rawValue, "\(optimizerInBackward)", "\(offloadsBase)"]).map {
      "\($0): \($1)"
    }
  }
}
