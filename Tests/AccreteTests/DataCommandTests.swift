import Foundation
import TestSupport
import Testing

extension CommandTests {
  @Suite("data show")
  struct DataCommandTests {
    private func show(_ fixture: CommandFixture, _ more: String...) throws -> CommandOutcome {
      try AccreteProcess.run(["data", "show", fixture.recipe.path] + more)
    }

    private func datasets(_ outcome: CommandOutcome) throws -> [[String: Any]] {
      #expect(outcome.code == 0, "\(outcome.errors)")
      return try #require(outcome.json()["datasets"] as? [[String: Any]])
    }

    @Test("--json has the statistics and the first rows of each round's dataset, and touches nothing")
    func json() throws {
      let fixture = try CommandFixture()
      let before = try CommandFixture.contents(fixture.folder)
      let outcome = try show(fixture, "--rows", "2", "--json")
      let all = try datasets(outcome)
      #expect(outcome.errors.isEmpty)
      #expect((try outcome.json()["leaks"] as? [Any])?.isEmpty == true)
      #expect(all.map { $0["name"] as? String } == ["one", "two"])
      for dataset in all {
        #expect(
          Set(dataset.keys) == [
            "name", "rows", "cut", "split", "too_long", "dropped", "tokens", "supervised_tokens", "estimated",
            "lengths", "samples",
          ])
        #expect(dataset["rows"] as? Int == 20)
        let lengths = try #require(dataset["lengths"] as? [String: Int])
        #expect(Set(lengths.keys) == ["min", "median", "p90", "max", "longer"])
        #expect((dataset["samples"] as? [Any])?.count == 2)
      }
      // The first row: {"prompt": "one 0:", "response": " one"}.
      let sample = try #require((all[0]["samples"] as? [[String: Any]])?.first)
      #expect(
        Set(sample.keys) == ["place", "shape", "weight", "text", "ids", "pieces", "supervised", "bos", "cut_at"])
      #expect(sample["place"] as? String == fixture.file("one.jsonl").path + ":1")
      #expect(sample["shape"] as? String == "completion")
      #expect(sample["text"] as? String == "one 0: one<|eos|>")
      #expect(sample["ids"] as? [Int] == "one 0: one".utf8.map(Int.init) + [257])
      #expect((sample["pieces"] as? [String])?.last == "<|eos|>")
      #expect(sample["supervised"] as? [Bool] == [Bool](repeating: false, count: 6) + [Bool](repeating: true, count: 5))
      #expect(sample["bos"] as? Int == 0 && sample["cut_at"] is NSNull)
      #expect(try CommandFixture.contents(fixture.folder) == before)
    }

    @Test("a model's folder needs no weights, and one with a tokenizer alone is enough")
    func model() throws {
      let fixture = try CommandFixture()
      let model = try fixture.copy(TrainedModel.folder().resolvingSymlinksInPath(), as: "model")
      let preset = try datasets(show(fixture, "--json"))
      for file in ["model.safetensors", "config.json"] {
        try FileManager.default.removeItem(at: model.appending(path: file))
        let own = try datasets(show(fixture, "base={model: model}", "--json"))
        #expect(NSArray(array: own) == NSArray(array: preset), "without \(file)")
      }
    }

    @Test("people get brackets and one line that explains them; a second BOS is warned of, a cut is said")
    func text() throws {
      let fixture = try CommandFixture()
      try fixture.write(
        """
        {"input_ids": [256, 256, 72, 105, 27, 257], "labels": [-100, -100, 72, -100, 27, 257]}
        {"prompt": "ab\\u001b[31m", "completion": "\(String(repeating: "x", count: 60))"}

        """, "one.jsonl")
      let outcome = try show(fixture, "--round", "one", "objective.reverse=0.5", "--device", "cpu")
      #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      let lines = outcome.output.split(separator: "\n").map(String.init)
      #expect(lines[0].contains("[square brackets]") && lines[0].contains("supervised"))
      for words in [
        "one: 2 rows, 1 cut, 0 dropped", "longer than sequence_length 48", "objective.reverse is 0.5",
        "256:<|bos|> 256:<|bos|> [72:H] 105:i [27:", "257:<|eos|>]", "warning: the row begins with 2 BOS tokens",
        "BOS 2, EOS 1", "cut after 48 tokens: 20 are left out, 20 of them supervised",
      ] { #expect(outcome.output.contains(words), "\(words) is not in: \(outcome.output)") }
      #expect(!outcome.output.contains("\u{1B}"), "no row may steer the terminal")
      #expect(!outcome.output.contains("two"))
    }

    @Test("split and columns show each part's own rows; a round without held-out rows is told")
    func parts() throws {
      let fixture = try CommandFixture()
      let rows = (0..<20).map { "\"question \($0)\",answer \($0)\n" }.joined()
      try fixture.write("q,a\n" + rows, "one.csv")
      let changes = [
        "rounds.0={name: one, train: one.csv, split: 0.8, columns: {prompt: q, completion: a}}", "rounds.1.valid=null",
        "--rows", "100", "--json",
      ]
      let command = ["data", "show", fixture.recipe.path] + changes
      func places(_ outcome: CommandOutcome) throws -> [String] {
        let samples = try #require(try datasets(outcome)[0]["samples"] as? [[String: Any]])
        return samples.compactMap { $0["place"] as? String }
      }
      let training = try places(AccreteProcess.run(command))
      let valid = try AccreteProcess.run(command + ["--valid"])
      let heldOut = try places(valid)
      #expect(training.count == 16 && heldOut.count == 4 && Set(training + heldOut).count == 20)
      #expect(valid.errors.contains("round two has no held-out rows"), "\(valid.errors)")
      #expect(try datasets(valid).count == 1)
    }

    @Test("how the model is to be asked, and keys that are not read, are told once")
    func remarks() throws {
      let fixture = try CommandFixture()
      let model = try fixture.copy(TrainedModel.folder().resolvingSymlinksInPath(), as: "model")
      let base = "base={model: \(model.path)}"
      let rows = CommandFixture.rows("two", 0..<20).replacing("{", with: #"{"id": 7, "#)
      try fixture.write(rows, "two.jsonl")
      let key = "two.jsonl: of its rows the keys \"id\" are not read"
      let (asked, raw) = ("the prompts and completions of one, two are ", "joined as they stand (template: none)")
      for command in [["data", "show"], ["train"]] {
        func run(_ more: String...) throws -> String {
          let short = ["max_steps=1", "save_steps=1", "output_dir=\(UUID().uuidString)", "--device", "cpu"]
          let outcome = try AccreteProcess.run([command, [fixture.recipe.path, base], more, short].flatMap { $0 })
          #expect(outcome.code == 0 && !outcome.output.contains(asked), "\(outcome.errors)")
          return outcome.errors
        }
        let plain = try run()
        #expect(plain.components(separatedBy: key).count == 2 && !plain.contains(asked), "\(plain)")
        let template = model.appending(path: "chat_template.jinja")
        try FileManager.default.copyItem(at: TestData.golden("templates/chatml.jinja"), to: template)
        let turns = try run("sequence_length=96")
        #expect(
          turns.components(separatedBy: asked + "turns of").count == 2 && turns.contains("with --chat"), "\(turns)")
        let joined = try run("template=none")
        #expect(joined.components(separatedBy: asked + raw).count == 2 && joined.contains("with --prompt"), "\(joined)")
        try FileManager.default.removeItem(at: template)
      }
    }

    @Test("leaks are told and not refused, whichever rows are shown", arguments: [[], ["--valid"]])
    func leaks(_ more: [String]) throws {
      let fixture = try CommandFixture()
      let clean = try AccreteProcess.run(["data", "show", fixture.recipe.path] + more)
      #expect(clean.code == 0 && clean.output.hasSuffix("\nleaks: none\n"), "\(clean.output)")
      try fixture.write(CommandFixture.rows("two", 3..<5) + CommandFixture.rows("one", 30..<32), "one-valid.jsonl")
      let command = ["data", "show", fixture.recipe.path, "--rows", "1"] + more
      let text = try AccreteProcess.run(command)
      #expect(text.code == 0 && text.errors.isEmpty, "\(text.errors)")
      #expect(text.output.contains("leak: 2 of 4 held-out rows of one stand in the training rows of two ("))
      let json = try AccreteProcess.run(command + ["--json", "allow_leaks=[one]"]).json()
      let leak = try #require((json["leaks"] as? [[String: Any]])?.first)
      #expect(
        Set(leak.keys) == [
          "held_out", "training", "rows", "leaked", "overlapping", "allowed", "held_out_place", "training_place",
        ])
      #expect(leak["held_out"] as? String == "one" && leak["training"] as? String == "two")
      #expect(leak["leaked"] as? Int == 2 && leak["rows"] as? Int == 4 && leak["allowed"] as? Bool == true)
      #expect(leak["training_place"] as? String == fixture.file("two.jsonl").path + ":4")
      let own = try AccreteProcess.run(command + ["--round", "one"])
      #expect(own.code == 0 && own.output.contains("leaks: none"), "only the chosen round's own rows are compared")
    }

    @Test("what is wrong with recipe, round or rows ends as it does in training, with nothing on stdout")
    func faults() throws {
      let fixture = try CommandFixture()
      func expect(_ outcome: CommandOutcome, _ code: Int32, _ words: String...) {
        #expect(outcome.code == code && outcome.errorLines.count == 1 && outcome.output.isEmpty, "\(outcome.errors)")
        for word in words { #expect(outcome.errors.contains(word), "\(word) is not in: \(outcome.errors)") }
      }
      expect(try show(fixture, "--round", "three"), 65, "three", "one, two")
      expect(try show(fixture, "--rows", "-1"), 64, "--rows")
      expect(try show(fixture, "rounds.1.train=none.jsonl"), 66, "none.jsonl")
      expect(try show(fixture, "rounds.1.train=x.feather"), 66, "x.feather")
      expect(try show(fixture, "rounds.1.train=x.xlsx"), 65, ".parquet", "x.xlsx")
      expect(try show(fixture, "rounds.1.train=none*.jsonl"), 66, "pattern")
      expect(try show(fixture, "rounds.1.columns.prompt=q"), 65, "two-valid.jsonl:1", "\"q\"")
      expect(try show(fixture, "rounds.1.split=0.5"), 65, "split", "valid")
      expect(try show(fixture, "sequence_length=4"), 65, "supervised")
      expect(try show(fixture, "sequence_length=4096"), 65, "sequence_length", "512")
      expect(try show(fixture, "base={model: none}"), 66, "none")
      expect(try show(fixture, "base={preset: tiny}"), 65, "tokenizer")
      try fixture.write("{\"input_ids\": [1, 2], \"labels\": [-100, -100]}\n", "one.jsonl")
      expect(try show(fixture), 65, "one.jsonl", "supervised")
    }

    @Test("rows that are tokens already need no tokenizer")
    func tokens() throws {
      let fixture = try CommandFixture()
      try fixture.write("{\"input_ids\": [1, 2, 3], \"labels\": [-100, 2, 3]}\n", "one.jsonl")
      try fixture.write("{\"input_ids\": [1, 2, 4], \"labels\": [-100, 2, 4]}\n", "one-valid.jsonl")
      let sample = try datasets(show(fixture, "base={preset: tiny}", "--round", "one", "--json"))[0]["samples"]
      let first = try #require((sample as? [[String: Any]])?.first)
      #expect(first["ids"] as? [Int] == [1, 2, 3] && first["text"] as? String == "")
      let text = try show(fixture, "base={preset: tiny}", "--round", "one")
      #expect(text.code == 0 && text.output.contains("1 [2 3]"), "\(text.output)")
    }
  }
}
