/// The tasks of a recipe's rounds, ready to be asked: their questions are checked before anything is allocated.
struct RunTasks {
  /// The evaluator of each round's task; nil where a round has none.
  let evaluators: [TaskEvaluator?]

  /// - Parameters:
  ///   - valid: the held-out rows of each round.
  ///   - positions: tokens that a prompt and its answer may have together.
  /// - Throws: `RoundError.unsuitable` at the task's key.
  init(
    _ recipe: Recipe, valid: [Dataset?], tokenizer: (any Tokenizer)?, positions: Int
  ) throws(RoundError) {
    let settings = recipe.evaluation
    var evaluators: [TaskEvaluator?] = []
    for (index, round) in recipe.rounds.enumerated() {
      guard let task = round.task, let rows = valid[index]?.samples else {
        evaluators.append(nil)
        continue
      }
      let key = "rounds.\(index).task"
      guard let tokenizer else {
        throw .unsuitable(
          key: key, problem: "answers are text, and the base brings no tokenizer", remedy: "remove task")
      }
      do throws(TaskError) {
        evaluators.append(
          try TaskEvaluator(
            task, samples: Array(rows.prefix(settings.maxExamples ?? .max)), tokenizer: tokenizer,
            maxTokens: settings.maxNewTokens, contextLength: positions))
      } catch {
        throw .unsuitable(key: key, problem: "\(round.name): \(error.problem)", remedy: error.remedy)
      }
    }
    self.evaluators = evaluators
  }

  /// Tokens of the longest held-out row with one of its labels; 0 where nothing is classified.
  var longestCandidate: Int { evaluators.compactMap { $0?.candidates.map(\.length).max() }.max() ?? 0 }

  /// Tokens of the longest prompt with its written answer; 0 where none is written.
  var generatedLength: Int { evaluators.compactMap { $0?.generatedLength }.max() ?? 0 }

  /// The most rows that one of the tasks asks the model.
  var questionCount: Int { evaluators.compactMap { $0?.questionCount }.max() ?? 1 }
}
