import Foundation
import TestSupport
import Testing

extension CommandTests {
  @Suite("train")
  struct TrainCommandTests {
    @Test("train prints its rounds and the transfer matrix, and changes no input")
    func json() throws {
      let (fixture, outcome) = try TrainedModel.outcome.get()
      #expect(outcome.code == 0, "\(outcome.errors)")
      let json = try outcome.json()
      #expect(Set(json.keys) == ["output_dir", "rounds", "transfer"])
      #expect(json["output_dir"] as? String == fixture.output.path)
      let rounds = try #require(json["rounds"] as? [[String: Any]])
      #expect(rounds.map { $0["name"] as? String } == ["one", "two"])
      for round in rounds {
        #expect(Set(round.keys) == ["name", "model", "steps", "final_loss"])
        #expect(round["steps"] as? Int == 4)
        let model = try #require(round["model"] as? String)
        #expect(FileManager.default.fileExists(atPath: model + "/model.safetensors"))
      }
      let transfer = try #require(json["transfer"] as? [String: Any])
      #expect((transfer["loss"] as? [[Double]])?.count == 3)
      #expect(Set(transfer.keys).isSuperset(of: ["datasets", "loss", "metrics", "backward_transfer", "forgetting"]))
      let data = try ["one.jsonl", "two.jsonl", "recipe.yaml"].map { try Data(contentsOf: fixture.file($0)) }
      let untouched = try CommandFixture()
      #expect(try data == ["one.jsonl", "two.jsonl", "recipe.yaml"].map { try Data(contentsOf: untouched.file($0)) })
      // One line of progress for each step, since stderr is no terminal.
      #expect(outcome.errors.split(separator: "\n").count { $0.contains("step ") && $0.contains("loss ") } == 8)
    }

    @Test("overrides win over the recipe; the resolved recipe has them", arguments: ["cpu", "auto"])
    func overrides(_ device: String) throws {
      let fixture = try CommandFixture()
      let outcome = try fixture.train(
        "max_steps=2", "rounds.1.learning_rate=1e-5", "union.replay_fraction=0.5", "--device", device)
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(fixture.stepCount == 4)
      let text = try String(contentsOf: fixture.output.appending(path: "recipe.yaml"), encoding: .utf8)
      #expect(text.contains("max_steps: 2") && text.contains("learning_rate: 1.0e-05"), "\(text)")
      #expect(outcome.output.contains("rounds/final"))
    }

    @Test("a larger vocabulary is learned from the rounds' texts, saved with each model, and kept by --resume")
    func learnedVocabulary() throws {
      let fixture = try CommandFixture()
      try fixture.write(CommandFixture.recipeText(steps: 2, vocabularySize: 270), "recipe.yaml")
      let outcome = try fixture.train("--device", "cpu")
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("270 of 270 tokens learned"), "\(outcome.errors)")
      let model = fixture.output.appending(path: "rounds/final").path
      let tokens = try AccreteProcess.run(["tokenize", "--model", model, "--text", "one 1: one", "--json"]).json()
      #expect((tokens["ids"] as? [Int])?.contains { $0 >= 259 } == true)
      let config = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: model + "/config.json")))
      #expect((config as? [String: Any])?["vocab_size"] as? Int == 270)
      #expect(try fixture.train("--device", "cpu", "--resume").code == 0)

      // Other texts give another vocabulary, under which the saved weights have no meaning.
      try fixture.write(String(repeating: #"{"text": "xyxyxyxyxyxy"}"# + "\n", count: 20), "one.jsonl")
      let changed = try fixture.train("--device", "cpu", "--resume")
      #expect(changed.code == 65 && changed.errorLines.count == 1)
      #expect(changed.errors.contains("another vocabulary"), "\(changed.errors)")
    }

    @Test("rows that are encoded when they are drawn give the bits of rows that are read at once, resumed too")
    func largeFiles() throws {
      let models = try [[:], ["ACCRETE_LARGE_FILES": "1"]].map { environment in
        let fixture = try CommandFixture()
        let more = ["train", fixture.recipe.path, "--device", "cpu", "objective.reverse=0.3", "logging_steps=1"]
        let split = ["rounds.1.split=0.9", "rounds.1.valid=null"]
        // Stopped within the second round, where that comes in time, and resumed.
        _ = try AccreteProcess.run(more + split, environment: environment, signal: SIGINT) { _, _ in
          fixture.stepCount >= 5
        }
        let outcome = try AccreteProcess.run(more + split + ["--resume"], environment: environment)
        #expect(outcome.code == 0, "\(outcome.errors)")
        return try Data(contentsOf: fixture.output.appending(path: "rounds/final/model.safetensors"))
      }
      #expect(models[0] == models[1])
    }

    @Test(
      "--resume refuses rows that changed since the start, and goes on once they are back",
      arguments: [("rounds.1.train", "two.jsonl"), ("rounds.0.valid", "held.jsonl")])
    func changedRows(_ key: String, _ file: String) throws {
      let fixture = try CommandFixture()
      let recipe = CommandFixture.recipeText(steps: 2)
      try fixture.write(recipe.replacing("valid: one-valid.jsonl", with: "valid: held.jsonl"), "recipe.yaml")
      try fixture.write(CommandFixture.rows("one", 30..<31), "held.jsonl")
      try #require(try fixture.train("--device", "cpu").code == 0)
      let before = try CommandFixture.contents(fixture.output)
      let rows = try String(contentsOf: fixture.file(file), encoding: .utf8)
      try fixture.write(rows + rows, file)
      let changed = try fixture.train("--device", "cpu", "--resume")
      #expect(changed.code == 65 && changed.errorLines.count == 1)
      #expect(changed.errors.contains("\(key) (\(fixture.file(file).path))"), "\(changed.errors)")
      #expect(try CommandFixture.contents(fixture.output) == before)
      try fixture.write(rows, file)
      #expect(try fixture.train("--device", "cpu", "--resume").code == 0)
    }

    @Test("--resume with another recipe is refused, and every key that differs is named")
    func changedRecipe() throws {
      let fixture = try CommandFixture()
      try #require(try fixture.train("max_steps=2", "rounds.0.weight_decay=0.5", "--device", "cpu").code == 0)
      let before = try CommandFixture.contents(fixture.output)
      let changed = try fixture.train(
        "max_steps=3", "rounds.1.learning_rate=1e-5", "rounds.0.name=uno", "--device", "cpu", "--resume")
      #expect(changed.code == 65 && changed.errorLines.count == 1)
      let changes =
        "(max_steps was 2, is 3; rounds.0.name was \"one\", is \"uno\"; "
        + "rounds.1.learning_rate was not set, is 1.0e-05; rounds.0.weight_decay was 0.5, is not set)"
      #expect(changed.errors.contains(changes), "\(changed.errors)")
      #expect(try CommandFixture.contents(fixture.output) == before)
    }

    @Test("a run that is taken is refused and left alone; --resume on a finished one says so and exits 0")
    func taken() throws {
      let (fixture, _) = try TrainedModel.outcome.get()
      let before = try CommandFixture.contents(fixture.output)
      let again = try fixture.train("--device", "cpu")
      #expect(again.code == 65)
      #expect(again.errorLines.count == 1 && again.errors.contains("--resume"), "\(again.errors)")
      #expect(try CommandFixture.contents(fixture.output) == before)
      let resumed = try fixture.train("--device", "cpu", "--resume", "--json")
      #expect(resumed.code == 0)
      #expect(resumed.errors.contains("finished"), "\(resumed.errors)")
      #expect((try resumed.json()["rounds"] as? [[String: Any]])?.count == 2)
      #expect(fixture.stepCount == 8)
    }

    @Test(
      "a signal ends a run after a saved checkpoint; it goes on to the same bits",
      arguments: [(SIGINT, 130, "cpu"), (SIGTERM, 143, "cpu"), (SIGINT, 130, "auto")])
    func interrupted(_ signal: Int32, _ code: Int32, _ device: String) throws {
      let steps = 60
      let whole = try CommandFixture()
      try whole.write(CommandFixture.recipeText(steps: steps), "recipe.yaml")
      #expect(try whole.train("--device", device).code == 0)

      let fixture = try CommandFixture()
      try fixture.write(CommandFixture.recipeText(steps: steps), "recipe.yaml")
      let stopped = try fixture.train("--device", device, signal: signal) { fixture.stepCount >= steps / 4 }
      #expect(stopped.code == code, "\(stopped.errors.suffix(600))")
      #expect(stopped.errorLines.count == 1 && stopped.errorLines[0].contains("--resume"))
      let steps1 = fixture.stepCount
      #expect(steps1 >= steps / 4 && steps1 < 2 * steps)
      let resumed = try fixture.train("--device", device, "--resume")
      #expect(resumed.code == 0, "\(resumed.errors.suffix(600))")
      #expect(resumed.errors.contains("resumed in round"))
      #expect(fixture.stepCount == 2 * steps)

      let model = "run/rounds/02-two/model.safetensors"
      #expect(try Data(contentsOf: fixture.file(model)) == Data(contentsOf: whole.file(model)))
      #expect(try Self.numbers(fixture) == Self.numbers(whole))
    }

    @Test("a round's answers are those that its model gives when it is asked alone", arguments: ["cpu", "auto"])
    func answers(_ device: String) throws {
      let fixture = try CommandFixture()
      let recipe = CommandFixture.recipeText(steps: 8).replacing("{name: one,", with: "{name: one, task: qa,")
      try fixture.write(recipe + "evaluation: {max_examples: 6, max_new_tokens: 6}\n", "recipe.yaml")
      try #require(try fixture.train("--device", device).code == 0)
      for round in ["01-one", "02-two"] {
        let (model, alone) = (fixture.file("run/rounds/\(round)"), fixture.file("\(round).jsonl"))
        let outcome = try AccreteProcess.run([
          "evaluate", "--model", model.path, "--data", fixture.file("one-valid.jsonl").path, "--task", "qa",
          "--max-tokens", "6", "--samples", alone.path, "--device", device,
        ])
        try #require(outcome.code == 0, "\(outcome.errors.suffix(600))")
        let asked = try Self.completions(model.appending(path: "samples.jsonl"))
        #expect(try asked.count == 6 && asked == Self.completions(alone), "\(round)")
      }
    }

    /// The answers in a file of samples.
    private static func completions(_ file: URL) throws -> [String] {
      try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map { line in
        let object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: String]
        return try #require(object?["completion"])
      }
    }

    /// The lines of metrics.jsonl without the values that depend on the clock.
    private static func numbers(_ fixture: CommandFixture) throws -> [NSDictionary] {
      try Data(contentsOf: fixture.metrics).split(separator: UInt8(ascii: "\n")).map { line in
        var object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] ?? [:]
        object["tokens_per_second"] = nil
        return NSDictionary(dictionary: object)
      }
    }

    @Test("held-out rows that are trained on exit 65 in one line, and nothing is written; allow_leaks lets them")
    func leak() throws {
      let fixture = try CommandFixture()
      try fixture.write(CommandFixture.rows("two", 3..<5) + CommandFixture.rows("one", 30..<32), "one-valid.jsonl")
      let refused = try fixture.train("max_steps=1", "--device", "cpu")
      #expect(refused.code == 65 && refused.errorLines.count == 1, "\(refused.errors)")
      let places = "one-valid.jsonl:1 = \(fixture.file("two.jsonl").path):4)"
      for words in ["2 of 4 held-out rows of one", "of two", places, "allow_leaks: [one]"] {
        #expect(refused.errors.contains(words), "\(words) is not in: \(refused.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: fixture.output.path))
      let allowed = try fixture.train("max_steps=1", "allow_leaks=[one]", "--device", "cpu")
      #expect(allowed.code == 0 && allowed.errors.contains("leak, allowed: 2 of 4"), "\(allowed.errors)")
    }

    @Test("a round refused by the gate exits 3, keeps the model aside, and final stays the previous")
    func gate() throws {
      let fixture = try CommandFixture()
      // The same prompts with another answer: learning one forgets the other.
      let rows = try String(contentsOf: fixture.file("one.jsonl"), encoding: .utf8)
      try fixture.write(rows.replacingOccurrences(of: ": \" one", with: ": \" 0000000"), "two.jsonl")
      let outcome = try fixture.train(
        "max_forgetting=0.5", "union.replay_fraction=0", "max_steps=60", "--device", "cpu")
      #expect(outcome.code == 3, "\(outcome.errors.suffix(600))")
      #expect(outcome.errorLines.count == 1 && outcome.errorLines[0].contains("max_forgetting"))
      let rounds = fixture.output.appending(path: "rounds")
      let final = rounds.appending(path: "final").path
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: final) == "01-one")
      #expect(FileManager.default.fileExists(atPath: rounds.appending(path: "02-two.refused/model.safetensors").path))
      #expect(!FileManager.default.fileExists(atPath: rounds.appending(path: "02-two").path))
    }
  }
}
