import GPUTensor

extension MemorySettings {
  /// The recipe's keys, in the order in which they are written.
  static let keys = ["recompute", "optim", "optimizer_in_bwd"]

  /// What the recipe's keys say; the rounds must suit it.
  init(_ reader: RecipeReader, rounds: [ResolvedRound]) throws(RecipeError) {
    self.init(
      recompute: try reader.word("recompute", as: Llama.Recompute.self) ?? .none,
      moments: try reader.word("optim", as: OptimizerMoments.self) ?? .float32,
      optimizerInBackward: try reader.boolean("optimizer_in_bwd") ?? false)
    guard optimizerInBackward else { return }
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
    zip(Self.keys, [recompute.rawValue, moments.rawValue, "\(optimizerInBackward)"]).map { "\($0): \($1)" }
  }
}
