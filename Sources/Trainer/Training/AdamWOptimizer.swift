import GPUTensor

/// AdamW: a mean of gradients and one of their squares.
package struct AdamWOptimizer: Optimizer {
  package let settings: AdamWSettings
  package let moments: OptimizerMoments
  package let factors: LearningRateFactors

  package init(
    _ settings: AdamWSettings, moments: OptimizerMoments = .float32,
    factors: LearningRateFactors = LearningRateFactors()
  ) {
    self.settings = settings
    self.moments = moments
    self.factors = factors
  }

  package var states: [OptimizerState] { Self.states(moments) }
  package var maxGradNorm: Float { settings.maxGradNorm }
  package var isElementwise: Bool { true }

  /// The two moments of some parameters, in these dtypes.
  static func states(_ moments: OptimizerMoments, of members: OptimizerState.Members = .all) -> [OptimizerState] {
    let dtypes = moments.dtypes
    return [
      OptimizerState("first_moments", dtype: dtypes.first, of: members),
      OptimizerState("second_moments", dtype: dtypes.second, of: members),
    ]
  }

  package func record(_ update: ParameterUpdate) {
    var settings = settings
    if !update.decays { settings.weightDecay = 0 }
    settings.rateFactor = factors[update.rate]
    update.parameter.graph.adamW(
      parameter: update.parameter, m: update.states[0], v: update.states[1], gradient: update.gradient,
      norm: update.norm, settings: settings)
  }
}
