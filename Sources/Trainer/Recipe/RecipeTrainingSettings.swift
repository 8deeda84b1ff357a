import GPUTensor

/// Length of a round's training.
package enum TrainingDuration: Sendable, Equatable {
  /// Optimiser steps (`max_steps`).
  case steps(Int)
  /// Epochs: passes over the rows that the round draws from (`num_train_epochs`).
  case epochs(Double)
}

/// Training settings of one round, with inherited ones filled in.
package struct TrainingSettings: Sendable, Equatable {
  /// Most tokens of a sequence, and so of a sample.
  package var sequenceLength = 512
  /// True where several samples share a sequence.
  package var packing = true
  /// True where rows are drawn in a shuffled order instead of the file's.
  package var shuffle = true
  /// Sequences of a micro-batch.
  package var perDeviceTrainBatchSize = 4
  /// Micro-batches of an optimiser step.
  package var gradientAccumulationSteps = 1
  package var duration = TrainingDuration.steps(100)
  /// Peak learning rate.
  package var learningRate = 1.0e-4
  package var lrSchedulerType = LearningRateKind.cosine
  /// Cosines of `cosine_with_restarts`; nil for every other kind.
  package var cycles: Int?
  /// Optimiser steps of linear warm-up, where `warmupRatio` is nil.
  package var warmupSteps = 5
  /// Share of a round's optimiser steps that warm up, from 0 to 1; nil: `warmupSteps` counts.
  package var warmupRatio: Double?
  /// Last learning rate, as a share of the peak.
  package var minLearningRateRatio = 0.1
  package var weightDecay = 0.1
  package var adamBeta1 = 0.9
  package var adamBeta2 = 0.95
  package var adamEpsilon = 1.0e-8
  /// Largest global L2 norm of the gradients; larger ones are scaled down to it; 0: no clipping.
  package var maxGradNorm = 1.0
  /// Settings by which the round's own rows become samples.
  package var rows = RowSettings()
  package var objective = ReadingOrder()
  package var union = UnionSettings()
  /// Optimiser steps between two lines of the log.
  package var loggingSteps = 1
  /// Optimiser steps between two checkpoints.
  package var saveSteps = 50
  /// Optimiser steps between two evaluations; nil: after the round alone.
  package var evalSteps: Int?
  /// Evaluations in a row without a better held-out loss after which the round ends; nil: the round never ends early.
  package var earlyStoppingPatience: Int?
  /// Nats by which a held-out loss must be lower to count as better.
  package var earlyStoppingThreshold = 0.0
  /// True where the round keeps its model of the lowest held-out loss instead of its last.
  package var loadBestModelAtEnd = false
  /// The gate, in nats: most that an earlier dataset's loss may rise above its best; nil: no gate.
  package var maxForgetting: Double?

  package init() {}

  /// Learning rates of a round of `steps` optimiser steps.
  package func schedule(steps: Int) -> LearningRateSchedule {
    LearningRateSchedule(
      kind: lrSchedulerType, peak: learningRate, warmupSteps: warmupSteps(of: steps), totalSteps: steps,
      minRatio: minLearningRateRatio, cycles: cycles ?? 1)
  }

  /// Optimiser steps of warm-up in a round of `steps`; a share of them is rounded up, as transformers does.
  package func warmupSteps(of steps: Int) -> Int {
    warmupRatio.map { Int((Double(steps) * $0).rounded(.up)) } ?? warmupSteps
  }

  /// Form of a micro-batch.
  package var packer: BatchPacker.Settings {
    BatchPacker.Settings(rows: perDeviceTrainBatchSize, sequenceLength: sequenceLength, packing: packing)
  }

  /// Constants of the optimiser in the round.
  package var optimizerConstants: AdamWSettings {
    AdamWSettings(
      beta1: Float(adamBeta1), beta2: Float(adamBeta2), epsilon: Float(adamEpsilon), weightDecay: Float(weightDecay),
      maxGradNorm: Float(maxGradNorm))
  }
}
