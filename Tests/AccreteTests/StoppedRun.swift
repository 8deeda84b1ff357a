import Foundation

/// A run that tests stop, and the files that it must have in the end.
enum StoppedRun {
  /// A recipe of two rounds with everything that is saved and measured on the way: checkpoints, evaluations, best
  /// model, tasks.
  ///
  /// - Parameters:
  ///   - steps: steps of each round; an evaluation follows every fourth.
  ///   - heldOut: held-out rows of each dataset; more rows make an evaluation longer.
  static func fixture(steps: Int = 24, heldOut: Int = 6) throws -> CommandFixture {
    let fixture = try CommandFixture()
    let recipe = CommandFixture.recipeText(steps: steps).replacing("save_steps: 20", with: "save_steps: 3")
      .replacing("{name: one,", with: "{name: one, task: qa,")
    let evaluation = "evaluation: {max_examples: \(min(heldOut, 24)), max_new_tokens: 6, batch_size: 2}\n"
    try fixture.write(recipe + "eval_steps: 4\nload_best_model_at_end: true\n" + evaluation, "recipe.yaml")
    for word in ["one", "two"] {
      try fixture.write(CommandFixture.rows(word, 20..<20 + heldOut), word + "-valid.jsonl")
    }
    return fixture
  }

  /// The files that must not differ, however the run was stopped, by name.
  static func ending(_ fixture: CommandFixture) throws -> [String: Data] {
    var ending: [String: Data] = [:]
    for path in [
      "rounds/01-one/model.safetensors", "rounds/02-two/model.safetensors", "rounds/00-base/samples.jsonl",
      "rounds/02-two/samples.jsonl", "transfer.json", "evaluations.jsonl",
    ] {
      ending[path] = try Data(contentsOf: fixture.output.appending(path: path))
    }
    // Lines without the values that depend on the clock.
    for (index, line) in try Data(contentsOf: fixture.metrics).split(separator: UInt8(ascii: "\n")).enumerated() {
      var object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] ?? [:]
      object["tokens_per_second"] = nil
      ending["metrics \(index)"] = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
    }
    return ending
  }

  /// A value of the saved state.
  static func saved(_ key: String, _ fixture: CommandFixture) throws -> Any? {
    let state = try Data(contentsOf: fixture.file("run/checkpoint/state.json"))
    return (try JSONSerialization.jsonObject(with: state) as? [String: Any])?[key]
  }
}
