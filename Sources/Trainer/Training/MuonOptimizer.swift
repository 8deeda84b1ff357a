import GPUTensor

/// Muon for the matrices of the blocks, or for A and B of adapters; AdamW, with moments of its own, for the rest:
/// embedding, output projection, norms, biases and magnitudes.
///
/// Each matrix is moved by itself, since its update depends on all its elements.
package struct MuonOptimizer: Optimizer {
  package let settings: MuonSettings
  package let rest: AdamWOptimizer

  package init(_ settings: MuonSettings, rest: AdamWSettings, factors: LearningRateFactors = LearningRateFactors()) {
    self.settings = settings
    self.rest = AdamWOptimizer(rest, factors: factors)
  }

  package var states: [OptimizerState] { Self.states }
  package var maxGradNorm: Float { settings.maxGradNorm }
  package var isElementwise: Bool { false }

  static let states =
    [OptimizerState("momentum", of: .hiddenMatrices)] + AdamWOptimizer.states(.float32, of: .others)

  package func record(_ update: ParameterUpdate) {
    guard update.isHiddenMatrix else { return rest.record(update) }
    var settings = settings
    settings.rateFactor = rest.factors[update.rate]
    update.parameter.graph.muon(
      parameter: update.parameter, momentum: update.states[0], gradient: update.gradient, norm: update.norm,
      settings: settings)
  }
}
