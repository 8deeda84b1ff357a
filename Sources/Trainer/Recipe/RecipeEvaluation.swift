/// The keys that say what is measured, and what the measurements decide.
extension RecipeDecoding {
  /// Reads the run's `evaluation`.
  static func evaluation(_ reader: RecipeReader) throws(RecipeError) -> EvaluationSettings {
    var settings = EvaluationSettings()
    guard let node = reader.node("evaluation"), !node.isNull else { return settings }
    let mapping = try reader.mapping(
      node, "evaluation", known: ["general", "max_examples", "max_new_tokens", "batch_size"])
    settings.general = try mapping.optional("general") { mapping throws(RecipeError) in try mapping.path("general") }
    if mapping.node("max_examples") != nil {
      settings.maxExamples = try mapping.optional("max_examples") { mapping throws(RecipeError) in
        try mapping.integer("max_examples", in: 1...1_000_000_000)
      }
    }
    if let count = try mapping.integer("max_new_tokens", in: 1...(1 << 20)) { settings.maxNewTokens = count }
    if let count = try mapping.integer("batch_size", in: 1...1024) { settings.batchSize = count }
    return settings
  }

  /// Reads a round's `task`.
  static func task(_ round: RecipeReader) throws(RecipeError) -> TaskFamily? {
    try round.optional("task") { round throws(RecipeError) in try round.word("task", as: TaskFamily.self) }
  }

  /// Refuses a task whose answers nothing can be compared with.
  static func checkTask(of round: ResolvedRound, at reader: RecipeReader) throws(RecipeError) {
    guard round.task != nil, round.valid == nil, round.split == nil else { return }
    throw RecipeError(
      place: reader.node("task")?.place ?? reader.place,
      message: "\(reader.name("task")) scores answers to held-out rows, and round \(round.name) has none: add valid or "
        + "split, or remove task")
  }
}

extension Recipe {
  /// Refuses to stop a round early, or to keep its best model, where nothing is measured within it.
  func checkEvaluations() throws(RoundError) {
    for (index, round) in rounds.enumerated() {
      let settings = round.settings
      for (key, isAsked) in [
        ("early_stopping_patience", settings.earlyStoppingPatience != nil),
        ("load_best_model_at_end", settings.loadBestModelAtEnd),
      ] where isAsked {
        guard settings.evalSteps != nil else {
          throw .unsuitable(
            key: "rounds.\(index).\(key)",
            problem: "it goes by evaluations within the round, and eval_steps asks for none", remedy: "set eval_steps")
        }
        guard rounds[...index].contains(where: { $0.valid != nil || $0.split != nil }) else {
          throw .unsuitable(
            key: "rounds.\(index).\(key)", problem: "it goes by held-out rows, and there are none up to this round",
            remedy: "add valid or split")
        }
      }
    }
  }
}

extension EvaluationSettings {
  /// The settings as YAML.
  var yaml: String {
    "{general: \(general.map { RecipeYAML.text($0.path) } ?? "null"), "
      + "max_examples: \(maxExamples.map { String($0) } ?? "null"), max_new_tokens: \(maxNewTokens), batch_size: \(batchSize)}"
  }
}
