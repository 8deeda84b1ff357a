import GPUTensor

/// The shape of a run: everything on which the memory that it holds on a device depends.
///
/// A recipe gives the shape before any row is read. Once the rows are read, `RunInputs.shape` gives it to the token; until
/// then the rows are taken to be as long as they may be.
package struct RunShape: Sendable, Equatable {
  /// A round, as far as its micro-batches are concerned.
  package struct Round: Sendable, Equatable {
    package var settings: TrainingSettings
    /// Tokens of the longest sample where each sample has a row of its own; nil: rows are filled up to `sequenceLength`.
    var longestSample: Int?

    /// Tokens of the largest micro-batch.
    var tokens: Int {
      settings.perDeviceTrainBatchSize * min(longestSample ?? settings.sequenceLength, settings.sequenceLength)
    }
  }

  /// The cache of the answers that a model writes to the tasks.
  struct Answers: Equatable {
    /// Tokens of the longest prompt with its answer; nil: all positions.
    var contextLength: Int?
    /// Answers that are written at once.
    let sequences: Int
  }

  package let configuration: LlamaConfiguration
  /// Dtypes of the frozen weights that are not kept in float32, by name (`BaseStorage`).
  package var types: [String: DType]
  package var method: TrainingMethod
  package var memory: MemorySettings
  package var optimizer: OptimizerSettings
  package var rounds: [Round]

  /// Tokens of the union that has the most, reversed variants among them; nil: those of one micro-batch.
  var streamTokens: Int?
  /// True where some row counts more or less than the others in the loss.
  var isWeighted = false
  /// The sample whose logits show the effect of folding an adapter; nil: one as long as a row.
  var probe: Sample?
  /// Tokens that an answer to a task may add to a sample; 0 where there is no task.
  var answerTokens = 0
  /// Tokens of the longest held-out row with one of its labels; 0 where nothing is classified, or nothing read.
  var longestCandidate = 0
  /// The cache of written answers; nil where none is written.
  var answers: Answers?

  /// The shape of rounds without tasks.
  package init(
    _ configuration: LlamaConfiguration, types: [String: DType] = [:], method: TrainingMethod,
    memory: MemorySettings = MemorySettings(), optimizer: OptimizerSettings = OptimizerSettings(),
    rounds: [TrainingSettings]
  ) {
    precondition(!rounds.isEmpty, "a run has a round")
    self.configuration = configuration
    self.types = types
    self.method = method
    self.memory = memory
    self.optimizer = optimizer
    self.rounds = rounds.map { Round(settings: $0) }
  }

  /// The shape of a recipe's run, with the most that the rows can ask for.
  package init(_ recipe: Recipe, _ configuration: LlamaConfiguration, types: [String: DType]) {
    self.init(
      configuration, types: types, method: recipe.method, memory: recipe.memory, optimizer: recipe.optimizer,
      rounds: recipe.rounds.map(\.settings))
    let evaluation = recipe.evaluation
    let tasks = recipe.rounds.compactMap(\.task)
    if !tasks.isEmpty { answerTokens = evaluation.maxNewTokens }
    if tasks.contains(where: { $0 != .classification }) {
      answers = Answers(sequences: min(evaluation.batchSize, evaluation.maxExamples ?? .max))
    }
  }

  /// The settings of the round whose micro-batch holds the most tokens.
  package var largest: TrainingSettings {
    rounds.reduce(rounds[0]) { $1.tokens > $0.tokens ? $1 : $0 }.settings
  }

  /// Tokens of the largest micro-batch of any round.
  package var rowCapacity: Int { rounds.map(\.tokens).max() ?? 1 }

  /// The longest `sequence_length` of any round.
  var longestSequence: Int { rounds.map(\.settings.sequenceLength).max() ?? 1 }

  /// Positions that training, losses and answers need: as many as the model has at most.
  var positions: Int {
    max(longestSequence, min(configuration.maxPositionEmbeddings, longestSequence + answerTokens))
  }

  /// Changes the settings of every round.
  mutating func setAll<Value>(_ key: WritableKeyPath<TrainingSettings, Value>, to value: Value) {
    for index in rounds.indices { rounds[index].settings[keyPath: key] = value }
  }
}
