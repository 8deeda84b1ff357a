import Foundation

/// How long a round trains.
package enum TrainingDuration: Sendable, Equatable {
  /// Optimiser steps (`max_steps`).
  case steps(Int)
  /// Passes over the round's share of the union (`num_train_epochs`).
  case epochs(Double)
}

/// The learning rate's course after warm-up (`lr_scheduler_type`).
package enum LearningRateKind: String, Sendable, CaseIterable {
  case constant
  case linear
  case cosine
  /// Warm-up, stable, decay.
  case wsd
}

/// How a round draws from D1 ∪ … ∪ Di (`union`).
package struct UnionSettings: Sendable, Equatable {
  /// How datasets share the draws.
  package enum Sampling: String, Sendable, CaseIterable {
    /// Each dataset the same share, whatever its size.
    case equal
    /// Each row the same share.
    case proportional
    /// Shares in proportion to rows^(1/T): 1 is proportional, and the larger T, the nearer to equal (arXiv:1907.05019).
    case temperature
    /// Shares in proportion to weights by name.
    case weights
  }

  /// A text of the base's own domain that every round reads some of (`union.base_replay`), since the union never holds
  /// what M0 was trained on.
  package struct BaseReplay: Sendable, Equatable {
    /// The rows.
    package var train: URL
    /// The share of a round's draws, above 0 and below 1.
    package var fraction: Double

    package init(train: URL, fraction: Double) {
      self.train = train
      self.fraction = fraction
    }
  }

  package var sampling: Sampling = .equal
  /// T of `temperature` sampling.
  package var temperature: Double?
  /// By the datasets' names, for `weights` sampling; a dataset that is not named has weight 1.
  package var weights: [String: Double]?
  /// Share of the draws that goes to the earlier datasets together; nil: as `sampling` gives.
  package var replayFraction: Double?
  /// Rows of the subset that the round draws from; nil: the whole union.
  package var examples: Int?
  /// nil: none.
  package var baseReplay: BaseReplay?

  package init(sampling: Sampling = .equal, replayFraction: Double? = nil, examples: Int? = nil) {
    self.sampling = sampling
    self.replayFraction = replayFraction
    self.examples = examples
  }
}

/// Every training setting of one round, resolved: nothing is left to inherit.
package struct TrainingSettings: Sendable, Equatable {
  /// Tokens of a packed row, and the longest sample.
  package var sequenceLength = 512
  /// Whether samples are laid side by side in rows of `sequenceLength` tokens.
  package var packing = true
  /// Whether rows are drawn in a shuffled order instead of the file's.
  package var shuffle = true
  /// Rows of a micro-batch.
  package var perDeviceTrainBatchSize = 4
  /// Micro-batches of an optimiser step.
  package var gradientAccumulationSteps = 1
  package var duration = TrainingDuration.steps(100)
  /// Peak learning rate.
  package var learningRate = 1.0e-4
  package var lrSchedulerType = LearningRateKind.cosine
  /// Optimiser steps of linear warm-up.
  package var warmupSteps = 5
  /// The last learning rate, as a share of the peak.
  package var minLearningRateRatio = 0.1
  package var weightDecay = 0.1
  package var adamBeta1 = 0.9
  package var adamBeta2 = 0.95
  package var adamEpsilon = 1.0e-8
  /// Gradients whose global L2 norm is larger are scaled down to it; 0: none.
  package var maxGradNorm = 1.0
  package var objective = ObjectiveSettings()
  package var union = UnionSettings()
  /// Optimiser steps between two lines of log.
  package var loggingSteps = 1
  /// Optimiser steps between two checkpoints.
  package var saveSteps = 50
  /// Optimiser steps between two evaluations; nil: after the round alone.
  package var evalSteps: Int?
  /// Evaluations in a row that may pass without a better held-out loss before the round ends; nil: it never ends early.
  package var earlyStoppingPatience: Int?
  /// By how many nats a held-out loss must be lower to count as better.
  package var earlyStoppingThreshold = 0.0
  /// Whether the round's model is the one of the lowest held-out loss instead of the last.
  package var loadBestModelAtEnd = false
  /// The gate, in nats: the most that an earlier dataset's loss may rise above its best; nil: no gate.
  package var maxForgetting: Double?

  package init() {}

  /// The learning rate's course over a round of `steps` optimiser steps.
  package func schedule(steps: Int) -> LearningRateSchedule {
    LearningRateSchedule(
      kind: lrSchedulerType, peak: learningRate, warmupSteps: warmupSteps, totalSteps: steps,
      minRatio: minLearningRateRatio)
  }
}
