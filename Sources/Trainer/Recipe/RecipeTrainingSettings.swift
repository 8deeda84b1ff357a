import GPUTensor

/// How long a round trains.
package enum TrainingDuration: Sendable, Equatable {
  /// Optimiser steps (`max_steps`).
  case steps(Int)
  /// Passes over the round's share of the union (`num_train_epochs`).
  case epochs(Double)
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
  package var objective = ReadingOrder()
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

  /// The form of a micro-batch.
  package var packer: BatchPacker.Settings {
    BatchPacker.Settings(rows: perDeviceTrainBatchSize, sequenceLength: sequenceLength, packing: packing)
  }

  /// What the run's optimiser goes by in the round.
  package var optimizerConstants: AdamWSettings {
    AdamWSettings(
      beta1: Float(adamBeta1), beta2: Float(adamBeta2), epsilon: Float(adamEpsilon), weightDecay: Float(weightDecay),
      maxGradNorm: Float(maxGradNorm))
  }
}
