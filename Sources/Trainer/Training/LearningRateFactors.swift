/// Factors of the step's learning rate, by group of parameters: other than 1 under LoRA+ alone (arXiv:2402.12354).
package struct LearningRateFactors: Sendable, Hashable {
  package var outputs: Float = 1
  package var embedding: Float = 1

  package init() {}

  /// LoRA+'s factors of a round.
  ///
  /// - Parameter peak: the round's highest learning rate, of which the embedding's own is a share.
  package init(_ settings: LoRASettings, peak: Double) {
    guard let ratio = settings.learningRateRatio else { return }
    outputs = Float(ratio)
    embedding = Float(settings.embeddingLearningRate / peak)
  }

  subscript(group: RateGroup) -> Float {
    switch group {
    case .common: 1
    case .outputs: outputs
    case .embedding: embedding
    }
  }
}
