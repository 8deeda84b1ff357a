import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("Recipes of runs that older releases began")
struct RecipeEditionTests {
  /// A recipe as a person writes it, without `template`, on a base with a chat template.
  private static func write(_ fixture: RunFixture, rounds: [String]) throws -> URL {
    for name in rounds { _ = try fixture.write(name + ".jsonl", word: name, rows: 12) }
    let list = rounds.map { "  - {name: \($0), train: \($0).jsonl}" }.joined(separator: "\n")
    let text = """
      output_dir: run
      seed: 7
      base: {preset: tiny, tokenizer: {vocab_size: 259}, chat_template: chatml}
      sequence_length: 96
      per_device_train_batch_size: 2
      max_steps: 3
      learning_rate: 3.0e-3
      warmup_steps: 1
      rounds:
      \(list)

      """
    let file = fixture.folder.appending(path: "recipe.yaml")
    try Data(text.utf8).write(to: file)
    return file
  }

  /// Makes the files of a run those of a release that knew no key of how rows are written.
  private static func age(_ fixture: RunFixture) throws {
    let keys = ["template: none", "train_on: all", "train_on_inputs: false", "long_rows: cut"]
    for (path, end) in [("recipe.yaml", "\n"), ("checkpoint/state.json", "\\n")] {
      let file = fixture.output.appending(path: path)
      var text = try String(contentsOf: file, encoding: .utf8)
      for key in keys {
        #expect(text.contains(end + key + end), "\(path) lacks \(key)")
        text = text.replacing(end + key + end, with: end)
      }
      try Data(text.utf8).write(to: file)
    }
  }

  @Test("a run from before `template` goes on with rows as they stand, to the same bits, and keeps its edition")
  func untemplated() throws {
    let fixture = try RunFixture()
    let executor = CPUExecutor<Float>()
    let long = try Recipe.load(Self.write(fixture, rounds: ["one", "two"]))
    let wholes = try ["none", "auto"].map { template in
      let file = fixture.folder.appending(path: "recipe.yaml")
      let recipe = try Recipe.load(file, overrides: ["output_dir=\(template)", "template=\(template)"])
      try fixture.run(recipe, on: executor)
      return try Data(
        contentsOf: recipe.outputDirectory.appending(path: "rounds/02-two/model.safetensors"))
    }
    #expect(wholes[0] != wholes[1])
    #expect(long.edition == .current && long.defaults.rows.template == .auto)

    let file = try Self.write(fixture, rounds: ["one"])
    try fixture.run(try Recipe.load(file, overrides: ["template=none"]), on: executor)
    try Self.age(fixture)
    _ = try Self.write(fixture, rounds: ["one", "two"])
    let resumed = try Recipe.load(file)
    #expect(resumed.edition == .untemplated && resumed.rounds.allSatisfy { $0.settings.rows.template == .none })
    #expect(try Recipe.load(file, overrides: ["template=none"]).yaml == resumed.yaml)
    try fixture.run(resumed, on: executor, resuming: true, accepting: ["rounds.1"])
    #expect(try fixture.weights("02-two") == wholes[0])
    #expect(try fixture.record("02-two").templates == ["one": .raw, "two": .raw])
    // The run's own recipe was written anew, and still is one of that edition.
    let yaml = try String(contentsOf: fixture.output.appending(path: "recipe.yaml"), encoding: .utf8)
    #expect(yaml == resumed.yaml && yaml.contains("name: \"two\"") && !yaml.contains("\ntemplate:"))
    #expect(try Recipe.load(file) == resumed)
    #expect(try fixture.run(resumed, on: executor, resuming: true).notes.contains { $0.contains("finished") })

    // A recipe that names the key is obeyed: a change, which must be accepted.
    let named = try Recipe.load(file, overrides: ["template=auto"])
    let error = #expect(throws: RoundError.self) { try fixture.run(named, on: executor, resuming: true) }
    #expect(error.map { "\($0)" }?.contains("template was none, is auto") == true, "\(error as Any)")
    try fixture.run(named, on: executor, resuming: true, accepting: ["template"])
    #expect(try Recipe.load(file, overrides: ["template=auto"]).edition == .current)
  }

  @Test("a branch of such a run is of its edition")
  func branch() throws {
    let fixture = try RunFixture()
    let file = try Self.write(fixture, rounds: ["one", "two"])
    try fixture.run(try Recipe.load(file, overrides: ["template=none"]), on: CPUExecutor<Float>())
    try Self.age(fixture)
    let (recipe, _) = try RunBranch(of: Recipe.load(file), name: "b", fromRound: 2).prepare(resuming: false) { _ in }
    try fixture.run(recipe, on: CPUExecutor<Float>(), resuming: true)
    let branch = recipe.outputDirectory
    #expect(
      try Data(contentsOf: branch.appending(path: "rounds/02-two/model.safetensors")) == fixture.weights("02-two"))
    let yaml = try String(contentsOf: branch.appending(path: "recipe.yaml"), encoding: .utf8)
    #expect(!yaml.contains("\ntemplate:"))
  }

  @Test("a round that learns everything, and the last turn alone, is refused")
  func contradiction() throws {
    let fixture = try RunFixture()
    let file = try Self.write(fixture, rounds: ["one"])
    let error = #expect(throws: RecipeError.self) {
      try Recipe.load(file, overrides: ["train_on=last", "train_on_inputs=true"])
    }
    #expect(error?.message.contains("train_on: last") == true)
    let own = ["train_on_inputs=true", "rounds.0.train_on=last", "rounds.0.train_on_inputs=false"]
    #expect(try Recipe.load(file, overrides: own).rounds[0].settings.rows.learntTurns == .last)
  }
}
