import Foundation
import GPUTensor
import Kernels

/// A run: its base, its rounds and their settings, with every default filled in and every path absolute.
package struct Recipe: Sendable, Equatable {
  /// The run's folder (`output_dir`).
  package var outputDirectory: URL
  package var seed: UInt64
  /// `auto`, `cpu`, an index or part of a name; nil: not given, `ACCRETE_DEVICE` may decide.
  package var device: String?
  package var base: RecipeBase
  /// Tokenizer in the place of a pretrained base's own (`base.tokenizer` beside `base.model`); nil: its own.
  package var baseTokenizer: URL?
  /// Chat template that the base gets (`base.chat_template`); nil: its own, if it has one.
  package var chatTemplate: RecipeChatTemplate?
  /// Storage of the base on the device (`base.dtype`); fp32 unless adapters are trained.
  package var baseStorage: BaseStorage
  package var method: TrainingMethod
  package var precision: Precision
  package var memory: MemorySettings
  package var optimizer: OptimizerSettings
  /// Measurements after each round, beside the losses.
  package var evaluation: EvaluationSettings
  /// Datasets whose held-out rows may also be training rows (`allow_leaks`).
  package var allowLeaks: [String]
  /// Training settings at the recipe's top, which a round inherits.
  package var defaults: TrainingSettings
  /// The rounds, in order; at least one.
  package var rounds: [ResolvedRound]
  /// The edition of the recipe's format, which says what left-out keys mean.
  package var edition = RecipeEdition.current

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

/// Precision of the operands of matrix products (`precision`); weights, activations and sums are float32 in both.
package enum Precision: String, Sendable, CaseIterable {
  case fp32
  case bf16

  /// The type to which operands of products are rounded.
  package var operands: OperandType { self == .bf16 ? .bfloat16 : .float32 }
}

/// Measurements after each round, beside the losses (`evaluation`).
package struct EvaluationSettings: Sendable, Equatable {
  /// Files of a text that belongs to no round, whose loss shows the model's drift; nil: none.
  package var general: RowFiles?
  /// Most held-out rows that are answered for a dataset with a task, from the first on; nil: all.
  package var maxExamples: Int? = 64
  /// Most tokens of a written answer.
  package var maxNewTokens = 64
  /// Answers that are written at once.
  package var batchSize = 16

  package init() {}
}

/// Round i with all of its settings.
package struct ResolvedRound: Sendable, Equatable {
  /// Name of the round, unique in the recipe, and usable as part of a folder's name.
  package var name: String
  /// Files of the dataset's training rows.
  package var train: RowFiles
  /// Files of the dataset's held-out rows; nil: none are in files of their own. Without these and without `split`, the
  /// dataset's column of the transfer matrix is null.
  package var valid: RowFiles?
  /// The files' columns for the rows' keys.
  package var columns: ColumnNames
  /// Share of the rows of `train` that train, the rest being held out; nil: all train.
  package var split: Double?
  /// Task of the dataset, which names the metrics of answers to held-out rows; nil: their loss alone is measured.
  package var task: TaskFamily?
  package var settings: TrainingSettings

  package init(
    name: String, train: RowFiles, valid: RowFiles?, columns: ColumnNames = .none, split: Double? = nil,
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
