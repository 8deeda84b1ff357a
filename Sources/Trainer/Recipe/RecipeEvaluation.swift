extension EvaluationSettings {
  /// The form of `evaluation`; null means the defaults.
  static let form = KeyForm<EvaluationSettings>.mapping(keys, defaults: EvaluationSettings()).orNull
    .map({ $0 ?? EvaluationSettings() }, { $0 })

  private static let keys: [Key<EvaluationSettings>] = [
    Key(
      "general", \.general, KeyForm.rowFiles.orNull,
      "Files of a text that belongs to no round; its loss shows how far the model drifts."),
    Key(
      "max_examples", \.maxExamples, KeyForm.count(1...TrainingSettings.countLimit).orNull,
      "Held-out rows, from the first on, that the model answers for each dataset with a `task`; null answers all."),
    Key("max_new_tokens", \.maxNewTokens, .count(1...1_048_576), "Most tokens of an answer."),
    Key("batch_size", \.batchSize, .count(1...1024), "Answers that are written at once."),
  ]
}

extension Recipe {
  /// Refuses early stopping, and keeping the best model, in a round without evaluations or without held-out rows.
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
