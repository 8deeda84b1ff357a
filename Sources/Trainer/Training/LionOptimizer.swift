import GPUTensor

/// Lion: the sign of a mean of gradients, and one state.
package struct LionOptimizer: Optimizer {
  package let settings: LionSettings
  package let factors: LearningRateFactors

  package init(_ settings: LionSettings, factors: LearningRateFactors = LearningRateFactors()) {
    self.settings = settings
    self.factors = factors
  }

  package var states: [OptimizerState] { Self.states }
  package var maxGradNorm: Float { settings.maxGradNorm }
  package var isElementwise: Bool { true }

  static let states = [OptimizerState("momentum")]

  package func record(_ update: ParameterUpdate) {
    var settings = settings
    if !update.decays { settings.weightDecay = 0 }
    settings.rateFactor = factors[update.rate]
    update.parameter.graph.lion(
      parameter: update.parameter, momentum: update.states[0], gradient: update.gradient, norm: update.norm,
      settings: settings)
  }
}
