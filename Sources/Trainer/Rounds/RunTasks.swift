/// The tasks of a recipe's rounds, ready to be asked: their questions are checked before anything is allocated.
struct RunTasks {
  /// For each round; nil where it has no task.
  let evaluators: [TaskEvaluator?]
  /// Positions that training, losses and answers need.
  let positions: Int

  init(_ material: RunInputs) throws(RoundError) {
    let recipe = material.recipe
    let settings = recipe.evaluation
    let positions = min(
      material.configuration.maxPositionEmbeddings,
      material.longestSequence + (recipe.rounds.contains { $0.task != nil } ? settings.maxNewTokens : 0))
    var evaluators: [TaskEvaluator?] = []
    for (index, round) in recipe.rounds.enumerated() {
      guard let task = round.task, let rows = material.valid[index]?.samples else {
        evaluators.append(nil)
        continue
      }
      let key = "rounds.\(index).task"
      guard let tokenizer = material.tokenizer else {
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
    self.positions = positions
  }

  /// Tokens of the longest row with one of its labels; 0 where nothing is classified.
  var longestCandidate: Int { evaluators.compactMap { $0?.candidates.map(\.length).max() }.max() ?? 0 }

  /// The context that written answers need; 0 where none is written.
  var generatedLength: Int { evaluators.compactMap { $0?.generatedLength }.max() ?? 0 }

  /// The most rows that one of the tasks asks.
  var questionCount: Int { evaluators.compactMap { $0?.questionCount }.max() ?? 1 }
}
