import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// Commands that run a model and print the results.
  @Suite("Commands on a model")
  struct ModelCommandTests {
    private static let golden = LlamaGolden.folder("grouped-query-tied")
    private static let devices = ["cpu", "auto"]

    private static func expected() throws -> LlamaGolden { try LlamaGolden.load("grouped-query-tied") }

    private func list(_ ids: [Int32]) -> String { ids.map(String.init).joined(separator: ",") }

    @Test("score --ids prints float64's log-probabilities, and changes no file", arguments: devices)
    func score(_ device: String) throws {
      let before = try CommandFixture.contents(Self.golden)
      let expected = try Self.expected().sequences[0]
      let outcome = try AccreteProcess.run(
        ["score", "--model", Self.golden.path, "--ids", list(expected.ids), "--json", "--device", device])
      #expect(outcome.code == 0, "\(outcome.errors)")
      let json = try outcome.json()
      #expect(Set(json.keys) == ["ids", "token_logprobs", "loss", "perplexity"])
      #expect((json["ids"] as? [Int])?.map(Int32.init) == expected.ids)
      let logprobs = try #require(json["token_logprobs"] as? [Double])
      #expect(largestDifference(logprobs, expected.tokenLogprobs) < 1e-4)
      let loss = try #require(json["loss"] as? Double)
      #expect(abs(loss + logprobs.reduce(0, +) / Double(logprobs.count)) < 1e-9)
      #expect(abs(try #require(json["perplexity"] as? Double) - exp(loss)) < 1e-9 * exp(loss))
      // An unchecked device is checked first, and a driver may print its compiler's number of warnings.
      let notes = outcome.errors.split(separator: "\n").filter {
        !$0.hasPrefix("check: ") && !$0.contains(#/^\d+ warnings? generated\.$/#)
      }
      #expect(notes.map { $0.prefix(8) } == ["device: "], "\(outcome.errors)")
      #expect(try CommandFixture.contents(Self.golden) == before)
    }

    @Test("generate --ids continues greedily, the prompt left out", arguments: devices)
    func generate(_ device: String) throws {
      let greedy = try Self.expected().greedy
      let outcome = try AccreteProcess.run(
        [
          "generate", "--model", Self.golden.path, "--ids", list(greedy.prompt), "--max-tokens",
          "\(greedy.ids.count)", "--json", "--device", device,
        ])
      #expect(outcome.code == 0, "\(outcome.errors)")
      let json = try outcome.json()
      #expect(Set(json.keys) == ["ids", "text"])
      #expect((json["ids"] as? [Int])?.map(Int32.init) == greedy.ids)
      #expect(json["text"] as? String == "")
    }

    @Test("generate --profile prints the device time of each kernel, and the same answer")
    func profile() throws {
      let arguments = ["generate", "--model", Self.golden.path, "--ids", "1,2,3", "--max-tokens", "4", "--json"]
      let outcome = try AccreteProcess.run(arguments + ["--profile"])
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("device time by kernel") == !outcome.errors.contains("CPU fallback"))
      #expect(try AccreteProcess.run(arguments).output == outcome.output)
    }

    @Test("tokenize prints ids and pieces, without special tokens")
    func tokenize() throws {
      let outcome = try AccreteProcess.run(
        ["tokenize", "--model", TrainedModel.folder().path, "--text", "Hé!", "--json"])
      let json = try outcome.json()
      #expect(json["ids"] as? [Int] == [72, 195, 169, 33])
      #expect((json["pieces"] as? [String])?.count == 4)
      #expect(Set(json.keys) == ["ids", "pieces"])
      #expect(outcome.errors.isEmpty)
    }

    @Test(
      "a text that begins with a dash is a text",
      arguments: [
        "- item one", "-5 degrees", "--- front matter", "-how", "--help", "-h", "--", "---", "-", "--json", "--=x",
      ])
    func dashes(_ text: String) throws {
      let fixture = try CommandFixture()
      let model = try fixture.copy(TrainedModel.folder().resolvingSymlinksInPath(), as: "model")
      try FileManager.default.copyItem(
        at: TestData.golden("templates/chatml.jinja"), to: model.appending(path: "chat_template.jinja"))
      let input = try fixture.write("\(text)\n/exit\n", "input.txt")
      func run(_ arguments: String...) throws -> CommandOutcome {
        let outcome = try AccreteProcess.run(arguments, input: input)
        #expect(outcome.code == 0, "\(arguments): \(outcome.errors)")
        return outcome
      }
      let tokens = try run("tokenize", "--text", text, "--model", model.path, "--json").json()
      #expect(tokens["ids"] as? [Int] == text.utf8.map(Int.init))
      let score = try run("score", "--device", "cpu", "--model", model.path, "--json", "--text", "\(text)-").json()
      #expect((score["ids"] as? [Int])?.suffix(text.utf8.count + 1) == (text + "-").utf8.map(Int.init)[...])
      let generate = ["generate", "--device", "cpu", "--model", model.path, "--max-tokens", "2"]
      for option in [["--prompt"], ["--chat"], ["--reverse", "--marker", text, "--prompt"]] {
        _ = try AccreteProcess.run(generate + option + [text, "--json"]).json()
      }
      #expect(try run("chat", model.path, "--device", "cpu", "--max-tokens", "2", "--system", text).errorLines.isEmpty)
    }

    @Test("an option that takes a text still needs one, and what follows the text is an option")
    func dashesElsewhere() throws {
      let model = try TrainedModel.folder().path
      let none = try AccreteProcess.run(["tokenize", "--model", model, "--text"])
      #expect(none.code == 64 && none.errors.contains("Missing value for '--text"), "\(none.errors)")
      let file = try AccreteProcess.run(["tokenize", "--file", "--json"])
      #expect(file.code == 64, "\(file)")
    }

    @Test("score --text and generate --prompt go through the model's own tokenizer; seeds repeat")
    func text() throws {
      let model = try TrainedModel.folder().path
      let score = try AccreteProcess.run(["score", "--model", model, "--text", "one 1:", "--json", "--device", "cpu"])
      let ids = try #require(score.json()["ids"] as? [Int])
      #expect(ids.suffix(6) == [111, 110, 101, 32, 49, 58])
      func draw(_ seed: String) throws -> [String: Any] {
        try AccreteProcess.run(
          [
            "generate", "--model", model, "--prompt", "one 1:", "--max-tokens", "12", "--temperature", "1", "--top-k",
            "50", "--top-p", "0.9", "--seed", seed, "--json", "--device", "cpu",
          ]
        ).json()
      }
      let first = try draw("1")
      #expect(try draw("1")["ids"] as? [Int] == first["ids"] as? [Int])
      #expect((first["ids"] as? [Int])?.count ?? 0 <= 12)
    }

    @Test("evaluate prints the loss on supervised tokens", arguments: devices)
    func evaluate(_ device: String) throws {
      let fixture = try CommandFixture()
      let ids = try Self.expected().sequences[0]
      let labels = [Int32](repeating: -100, count: 47) + [ids.ids[47]]
      try fixture.write(
        #"{"input_ids": [\#(list(ids.ids))], "labels": [\#(list(labels))]}"#, "last.jsonl")
      let outcome = try AccreteProcess.run(
        [
          "evaluate", "--model", Self.golden.path, "--data", fixture.file("last.jsonl").path, "--json", "--device",
          device,
        ])
      let json = try outcome.json()
      #expect(Set(json.keys) == ["loss", "perplexity", "tokens", "metrics"])
      #expect(json["tokens"] as? Int == 1)
      #expect(abs(try #require(json["loss"] as? Double) + ids.tokenLogprobs[46]) < 1e-4)
    }

    @Test("evaluate --columns says which column stands for which key; a row of no known shape says how")
    func columns() throws {
      let fixture = try CommandFixture()
      try fixture.write("question,answer\none 1:, one\n", "rows.csv")
      let arguments = try [
        "evaluate", "--model", TrainedModel.folder().path, "--data", fixture.file("rows.csv").path, "--device", "cpu",
      ]
      let outcome = try AccreteProcess.run(arguments + ["--columns", "prompt=question,completion=answer", "--json"])
      #expect(try outcome.json()["tokens"] as? Int == 5)
      let unnamed = try AccreteProcess.run(arguments)
      #expect(unnamed.code == 65 && unnamed.errors.contains("columns: {prompt: "), "\(unnamed.errors)")
      for wrong in ["prompt", "prompt=", "question=prompt", "prompt=a,prompt=b", "text=a,prompt=b"] {
        #expect(try AccreteProcess.run(arguments + ["--columns", wrong]).code == 64)
      }
    }

    @Test("evaluate --task scores answers, writes them down, and chooses among labels", arguments: devices)
    func tasks(_ device: String) throws {
      let fixture = try CommandFixture()
      let model = try TrainedModel.folder().path
      let rows = (0..<5).map { #"{"prompt": "one \#($0):", "response": " \#($0 % 2 == 0 ? "one" : "two")"}"# }
      try fixture.write(rows.joined(separator: "\n") + "\n", "rows.jsonl")
      func evaluate(_ more: String...) throws -> CommandOutcome {
        try AccreteProcess.run(
          ["evaluate", "--model", model, "--data", fixture.file("rows.jsonl").path, "--json", "--device", device] + more
        )
      }
      let samples = fixture.file("samples.jsonl")
      let answers = try evaluate("--task", "qa", "--max-tokens", "6", "--limit", "3", "--samples", samples.path).json()
      let metrics = try #require(answers["metrics"] as? [String: Double])
      #expect(Set(metrics.keys) == ["exact_match", "exact_match_stderr", "f1", "f1_stderr"])
      let lines = try String(contentsOf: samples, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == 3)
      let line = try JSONSerialization.jsonObject(with: Data(lines[1].utf8)) as? [String: String]
      #expect(line?["prompt"]?.hasSuffix("one 1:") == true && line?["reference"] == "two")
      #expect(line?["dataset"] == "rows.jsonl" && line?["completion"] != nil)

      try #require(try evaluate("--task", "classification", "--samples", samples.path).code == 0)
      let chosen = try String(contentsOf: samples, encoding: .utf8)
      #expect(chosen.matches(of: /"completion":"(one|two)"/).count == 5)

      let many = (0...100).map { #"{"prompt": "one:", "response": " \#($0)"}"# }.joined(separator: "\n")
      try fixture.write(many + "\n", "rows.jsonl")
      let refused = try evaluate("--task", "classification")
      #expect(refused.code == 65 && refused.errors.contains("101 different completions are no labels"))
      #expect(try evaluate("--task", "qa", "--max-tokens", "1000000").code == 65)
      #expect(try evaluate("--samples", samples.path).code == 64)
    }

    @Test("weights that are not finite end every command that computes with them, or writes them, with 65")
    func notFinite() throws {
      let fixture = try CommandFixture()
      let model = try fixture.copy(TrainedModel.folder().resolvingSymlinksInPath(), as: "model")
      try FileManager.default.copyItem(
        at: TestData.golden("templates/chatml.jinja"), to: model.appending(path: "chat_template.jinja"))
      let weights = model.appending(path: "model.safetensors")
      var bytes = try Data(contentsOf: weights)
      // The file's last number belongs to the last tensor.
      bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0xC0, 0x7F])
      try bytes.write(to: weights)
      let input = try fixture.write("one\n", "input.txt")
      let ways = [
        ["score", "--model", model.path, "--ids", "1,2,3"],
        ["generate", "--model", model.path, "--ids", "1,2,3", "--max-tokens", "2"],
        ["evaluate", "--model", model.path, "--data", fixture.file("one.jsonl").path],
        ["chat", model.path, "--max-tokens", "2"],
        ["convert", "--model", model.path, "--output", fixture.file("out").path],
        ["convert", "--model", model.path, "--output", fixture.file("out.gguf").path, "--dtype", "q8_0"],
        ["train", fixture.recipe.path, "base={model: \(model.path)}", "template=none"],
      ]
      for way in ways {
        let outcome = try AccreteProcess.run(way + ["--device", "cpu"], input: input)
        #expect(outcome.code == 65 && outcome.errorLines.count == 1 && outcome.output.isEmpty, "\(way): \(outcome)")
        for words in [weights.path, "tensor \"", "1 NaN"] {
          #expect(outcome.errors.contains(words), "\(words) is not in: \(outcome.errors)")
        }
      }
      for name in ["out", "out.gguf", "run/rounds/00-base", "run/checkpoint/state.json"] {
        #expect(!FileManager.default.fileExists(atPath: fixture.file(name).path))
      }
    }

    @Test("a GGUF file is known by its first bytes, and one that does not say how texts are cut is remarked on once")
    func ggufFiles() throws {
      let fixture = try CommandFixture()
      let model = try TrainedModel.folder()
      let file = fixture.file("model.gguf")
      #expect(try AccreteProcess.run(["convert", "--model", model.path, "--output", file.path]).code == 0)
      var bytes = try Data(contentsOf: file)
      let nameless = fixture.file("sha256-abc")
      try bytes.write(to: nameless)
      let ways = [["tokenize", "--text", "one"], ["score", "--text", "one 1:", "--device", "cpu"]]
      for way in ways {
        let outcome = try AccreteProcess.run(way + ["--model", nameless.path])
        #expect(outcome.code == 0 && !outcome.errors.contains("tokenizer.ggml.pre"), "\(outcome.errors)")
        #expect(try outcome.output == AccreteProcess.run(way + ["--model", model.path]).output)
      }
      // A key of the same length, so that tokenizer.ggml.pre is missing.
      let key = try #require(bytes.range(of: Data("tokenizer.ggml.pre".utf8)))
      bytes.replaceSubrange(key, with: Data("tokenizer.ggml.xxx".utf8))
      try bytes.write(to: nameless)
      let note = "tokenizer.ggml.pre is missing"
      let recipe = ["data", "show", fixture.recipe.path, "base={model: \(nameless.path)}"]
      for command in ways.map({ $0 + ["--model", nameless.path] }) + [["inspect", nameless.path], recipe] {
        let outcome = try AccreteProcess.run(command)
        #expect(outcome.code == 0 && outcome.errors.components(separatedBy: note).count == 2, "\(outcome.errors)")
        #expect(!outcome.output.contains(note))
      }
    }

    @Test(
      "convert writes a folder that scores the same; half precision nearly", arguments: [("f32", 0), ("bf16", 0.1)])
    func convert(_ dtype: String, _ tolerance: Double) throws {
      let fixture = try CommandFixture()
      let before = try CommandFixture.contents(Self.golden)
      let target = fixture.file("converted")
      let outcome = try AccreteProcess.run(
        ["convert", "--model", Self.golden.path, "--output", target.path, "--dtype", dtype, "--json"])
      #expect(try outcome.json() as? [String: String] == ["output": target.path])
      func score(_ model: URL) throws -> [Double] {
        let ids = list(try Self.expected().sequences[3].ids)
        let outcome = try AccreteProcess.run(
          ["score", "--model", model.path, "--ids", ids, "--json", "--device", "cpu"])
        return try #require(outcome.json()["token_logprobs"] as? [Double])
      }
      #expect(largestDifference(try score(target), try score(Self.golden)) <= tolerance)
      #expect(try CommandFixture.contents(Self.golden) == before)
      let again = try AccreteProcess.run(["convert", "--model", Self.golden.path, "--output", target.path])
      #expect(again.code == 65 && again.errorLines.count == 1, "\(again.errors)")
    }
  }
}
