import Foundation
import GPUTensor
import Kernels

/// A run: where it starts, what it learns in which rounds, and how; every default filled in, every path absolute.
package struct Recipe: Sendable, Equatable {
  /// The run's folder (`output_dir`).
  package var outputDirectory: URL
  package var seed: UInt64
  /// `auto`, `cpu`, an index or part of a name; nil: not given, so that the environment may speak.
  package var device: String?
  package var base: RecipeBase
  /// How the base is kept on the device (`base.dtype`); other than fp32 where adapters are trained alone.
  package var baseStorage: BaseStorage
  package var method: TrainingMethod
  package var precision: Precision
  package var memory: MemorySettings
  package var optimizer: OptimizerSettings
  /// What is measured beside the losses, after each round.
  package var evaluation: EvaluationSettings
  /// Datasets whose held-out rows may stand among the rows that train (`allow_leaks`).
  package var allowLeaks: [String]
  /// The training settings that a round has where it says nothing else.
  package var defaults: TrainingSettings
  /// The rounds, in order; at least one.
  package var rounds: [ResolvedRound]

  package init(
    outputDirectory: URL, seed: UInt64, device: String?, base: RecipeBase, baseStorage: BaseStorage = .fp32,
    method: TrainingMethod, precision: Precision, memory: MemorySettings = MemorySettings(),
    optimizer: OptimizerSettings = OptimizerSettings(), evaluation: EvaluationSettings = EvaluationSettings(),
    allowLeaks: [String] = [], defaults: TrainingSettings,
    rounds: [ResolvedRound]
  ) {
    self.outputDirectory = outputDirectory
    self.seed = seed
    self.device = device
    self.base = base
    self.baseStorage = baseStorage
    self.method = method
    self.precision = precision
    self.memory = memory
    self.optimizer = optimizer
    self.evaluation = evaluation
    self.allowLeaks = allowLeaks
    self.defaults = defaults
    self.rounds = rounds
  }
}

/// What matrix products multiply (`precision`); weights, activations and sums are float32 in both.
package enum Precision: String, Sendable, CaseIterable {
  case fp32
  case bf16

  /// What the executor of a run rounds the operands of its products to.
  package var operands: OperandType { self == .bf16 ? .bfloat16 : .float32 }
}

/// What is measured beside the losses (`evaluation`).
package struct EvaluationSettings: Sendable, Equatable {
  /// A text that belongs to no round, whose loss tells how far the model drifts; nil: none.
  package var general: URL?
  /// Held-out rows of a dataset with a task that are answered, the first ones; nil: all.
  package var maxExamples: Int? = 64
  /// The most tokens of a written answer.
  package var maxNewTokens = 64
  /// Answers that are written at once.
  package var batchSize = 16

  package init() {}
}

/// Round i, with every setting it trains by.
package struct ResolvedRound: Sendable, Equatable {
  /// Unique in the recipe, and usable as part of a folder's name.
  package var name: String
  /// Di's training rows.
  package var train: URL
  /// Di's held-out rows, or nil: its column of the transfer matrix is then null.
  package var valid: URL?
  /// What the files call the rows' keys.
  package var columns: ColumnNames
  /// The share of `train`'s rows that train, the rest being held out; nil: all do.
  package var split: Double?
  /// What the rows ask for, and so how answers to the held-out ones are scored; nil: their loss alone is measured.
  package var task: TaskFamily?
  package var settings: TrainingSettings

  package init(
    name: String, train: URL, valid: URL?, columns: ColumnNames = .none, split: Double? = nil,
    task: TaskFamily? = nil, settings: TrainingSettings
  ) {
    self.name = name
    self.train = train
    self.valid = valid
    self.columns = columns
    self.split = split
    self.task = task
    self.settings = settings
  }
}
