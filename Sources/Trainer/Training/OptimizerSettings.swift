import GPUTensor

/// The optimiser of a run and the dtypes of its states; its constants belong to each round.
package struct OptimizerSettings: Sendable, Equatable {
  /// The optimisers (`optimizer`).
  package enum Kind: String, Sendable, CaseIterable {
    case adamw, lion, muon
  }

  package var kind: Kind
  /// The dtypes of AdamW's moments of matrices (`optim`): in fewer bits a run gives other bits. The other optimisers keep
  /// float32.
  package var moments: OptimizerMoments

  package init(kind: Kind = .adamw, moments: OptimizerMoments = .float32) {
    self.kind = kind
    self.moments = moments
  }

  /// The optimiser with the constants of a round; Lion takes AdamW's two β for its own.
  ///
  /// - Parameter factors: the round's factors of the learning rate.
  package func optimizer(
    _ constants: AdamWSettings, factors: LearningRateFactors = LearningRateFactors()
  ) -> any Optimizer {
    switch kind {
    case .adamw: AdamWOptimizer(constants, moments: moments, factors: factors)
    case .lion:
      LionOptimizer(
        LionSettings(
          beta1: constants.beta1, beta2: constants.beta2, weightDecay: constants.weightDecay,
          maxGradNorm: constants.maxGradNorm), factors: factors)
    case .muon:
      MuonOptimizer(
        MuonSettings(weightDecay: constants.weightDecay, maxGradNorm: constants.maxGradNorm), rest: constants,
        factors: factors)
    }
  }

  /// The states that the optimiser keeps, whatever the constants are.
  package var states: [OptimizerState] {
    switch kind {
    case .adamw: AdamWOptimizer.states(moments)
    case .lion: LionOptimizer.states
    case .muon: MuonOptimizer.states
    }
  }
}
