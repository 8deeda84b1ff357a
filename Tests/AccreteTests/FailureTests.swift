import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// Mistakes of users: each ends with its exit code and one line that names the fault.
  @Suite("Faults")
  struct FailureTests {
    private static let model = TestData.golden("llama/biases")

    /// Expects an exit code, an empty stdout, and one error line with these words.
    private func expect(
      _ outcome: CommandOutcome, _ code: Int32, _ words: String..., at location: SourceLocation = #_sourceLocation
    ) {
      #expect(outcome.code == code, "\(outcome.errors)", sourceLocation: location)
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)", sourceLocation: location)
      #expect(outcome.output.isEmpty, sourceLocation: location)
      let last = outcome.errors.split(separator: "\n").last.map(String.init) ?? ""
      #expect(last == outcome.errorLines.last, "\(outcome.errors)", sourceLocation: location)
      for word in words {
        #expect(last.contains(word), "\(word) is not in: \(outcome.errors)", sourceLocation: location)
      }
    }

    @Test("recipes: unknown keys name the nearest one; a missing recipe, a bad override")
    func recipes() throws {
      let fixture = try CommandFixture()
      let text = CommandFixture.recipeText()
      try fixture.write(text.replacingOccurrences(of: "learning_rate", with: "learnin_rate"), "recipe.yaml")
      expect(try fixture.train(), 65, "recipe.yaml:7", "learnin_rate", "'learning_rate'")
      try fixture.write(text + "rounds: []\n", "recipe.yaml")
      expect(try fixture.train(), 65, "recipe.yaml")
      try fixture.write(text, "recipe.yaml")
      expect(try fixture.train("max_stps=3"), 65, "max_stps", "'max_steps'")
      expect(try fixture.train("max_steps"), 64, "key=value")
      expect(try fixture.train("base.preset=huge", "--device", "cpu"), 65, "huge", "tiny")
      expect(try fixture.train("sequence_length=4096", "--device", "cpu"), 65, "sequence_length", "512")
      expect(try AccreteProcess.run(["train", fixture.file("none.yaml").path]), 66, "none.yaml")
      #expect(!FileManager.default.fileExists(atPath: fixture.output.path))
    }

    @Test("an output folder beneath a file: what the system says")
    func outputBeneathFile() throws {
      let fixture = try CommandFixture()
      expect(
        try fixture.train("output_dir=one.jsonl/run", "--device", "cpu"), 74, "one.jsonl/run", "Not a directory",
        "output_dir")
    }

    @Test("datasets: missing, empty, not JSON, nothing supervised")
    func datasets() throws {
      let fixture = try CommandFixture()
      let lines = try String(contentsOf: fixture.file("one.jsonl"), encoding: .utf8).split(separator: "\n")
      for (content, code, words) in [
        (nil, Int32(66), ["one.jsonl"]), ("", 65, ["one.jsonl", "empty"]), ("\n \n", 65, ["one.jsonl", "empty"]),
        ("\(lines[0])\n\(lines[1])\n{\"prompt\": \"a\n", 65, ["one.jsonl:3", "JSON"]),
        ("{\"question\": \"a\"}\n", 65, ["one.jsonl:1"]),
        ("{\"input_ids\": [1, 2, 3], \"labels\": [-100, -100, -100]}\n", 65, ["one.jsonl", "supervised"]),
        ("{\"input_ids\": [1, 258, 259], \"labels\": [1, 258, 259]}\n", 65, ["one.jsonl:1", "259"]),
      ] as [(String?, Int32, [String])] {
        try? FileManager.default.removeItem(at: fixture.file("one.jsonl"))
        if let content { try fixture.write(content, "one.jsonl") }
        let outcome = try fixture.train("--device", "cpu")
        #expect(outcome.code == code && outcome.errorLines.count == 1, "\(outcome.errors)")
        for word in words { #expect(outcome.errors.contains(word), "\(word) is not in: \(outcome.errors)") }
      }
      #expect(!FileManager.default.fileExists(atPath: fixture.output.path))
    }

    @Test("models: none, of no known format, tensors that do not fit the configuration, cut short")
    func models() throws {
      let fixture = try CommandFixture()
      func score(_ model: URL) throws -> CommandOutcome {
        try AccreteProcess.run(["score", "--model", model.path, "--ids", "5,6", "--json", "--device", "cpu"])
      }
      expect(try score(fixture.file("none")), 66, "none")
      expect(try score(fixture.write("hello", "model.onnx")), 65, "model.onnx")

      let misfit = try fixture.copy(Self.model, as: "misfit")
      let config = try String(contentsOf: misfit.appending(path: "config.json"), encoding: .utf8)
      try fixture.write(
        config.replacingOccurrences(of: "\"intermediate_size\": 84", with: "\"intermediate_size\": 85"),
        "misfit/config.json")
      let before = try CommandFixture.contents(misfit)
      expect(try score(misfit), 65, "mlp.", "85")
      try fixture.write(config.replacingOccurrences(of: "\"hidden_size\": 48,", with: ""), "misfit/config.json")
      #expect(try score(misfit).code == 65)
      try fixture.write("{\"hidden_size\": ", "misfit/config.json")
      expect(try score(misfit), 65, "config.json")
      let weights = "model.safetensors"
      #expect(try CommandFixture.contents(misfit)[weights] == before[weights])

      let cut = try fixture.copy(Self.model, as: "cut")
      for share in [0.9, 0.1, 0.001, 0] {
        _ = try fixture.truncate(
          Self.model.appending(path: "model.safetensors"), to: share, as: "cut/model.safetensors")
        expect(try score(cut), 65, "model.safetensors")
      }
      let moved = try fixture.train("base={model: cut}", "--device", "cpu")
      #expect(moved.code == 65 && moved.errorLines.count == 1)
    }

    @Test(
      "GGUF and llama2.c files that are cut short", .enabled(if: TestData.isPresent, "\(TestData.absence)"),
      arguments: [
        "stories260K-gguf/stories260K-F32.gguf", "stories260K/stories260K.bin", "stories260K/stories260K_v1.bin",
      ])
    func truncated(_ path: String) throws {
      let fixture = try CommandFixture()
      let source = TestData.url("models/" + path)
      for share in [0.95, 0.5, 0.00002, 0] {
        let cut = try fixture.truncate(source, to: share, as: source.lastPathComponent)
        let outcome = try AccreteProcess.run(
          ["score", "--model", cut.path, "--ids", "5,6", "--json", "--device", "cpu"])
        expect(outcome, 65, source.lastPathComponent)
      }
    }

    @Test("ids out of the vocabulary, prompts that are too long or need a tokenizer")
    func inputs() throws {
      let model = ["--model", Self.model.path, "--device", "cpu"]
      expect(try AccreteProcess.run(["score", "--ids", "1,149"] + model), 65, "149", "148")
      expect(try AccreteProcess.run(["score", "--ids", "1,-1"] + model), 65, "-1")
      expect(try AccreteProcess.run(["score", "--ids", "1,x"] + model), 65, "\"x\"")
      expect(try AccreteProcess.run(["score", "--ids", "1,"] + model), 65, "--ids")
      expect(try AccreteProcess.run(["score", "--ids", "7"] + model), 65, "two tokens")
      expect(try AccreteProcess.run(["generate", "--ids", "149"] + model), 65, "149")
      let long = [String](repeating: "3", count: 5000).joined(separator: ",")
      for command in ["score", "generate"] {
        expect(try AccreteProcess.run([command, "--ids", long] + model), 65, "5000", "positions")
      }
      expect(try AccreteProcess.run(["score", "--text", "hello"] + model), 65, "tokenizer", "--ids")
      expect(try AccreteProcess.run(["generate", "--prompt", "hello"] + model), 65, "tokenizer", "--ids")
      expect(
        try AccreteProcess.run(
          ["generate", "--model", TrainedModel.folder().path, "--chat", "hello", "--device", "cpu"]),
        65, "template", "--prompt")
    }

    @Test("tokenizers: none, damaged, of another model")
    func tokenizers() throws {
      let fixture = try CommandFixture()
      func tokenize(_ model: URL) throws -> CommandOutcome {
        try AccreteProcess.run(["tokenize", "--model", model.path, "--text", "a"])
      }
      expect(try tokenize(Self.model), 66, "biases", "tokenizer.json")
      expect(try tokenize(fixture.file("none")), 66, "none")
      let model = try fixture.copy(TrainedModel.folder().resolvingSymlinksInPath(), as: "model")
      #expect(try tokenize(model).code == 0)
      let tokenizer = model.appending(path: "tokenizer.json")
      let content = try Data(contentsOf: tokenizer)
      for share in [0.5, 0] {
        try content.prefix(Int(Double(content.count) * share)).write(to: tokenizer)
        expect(try tokenize(model), 65, "tokenizer.json")
        let score = ["score", "--model", model.path, "--text", "a", "--device", "cpu"]
        expect(try AccreteProcess.run(score), 65, "tokenizer.json")
      }
      let other = try fixture.copy(Self.model, as: "other")
      try content.write(to: other.appending(path: "tokenizer.json"))
      expect(
        try AccreteProcess.run(["score", "--model", other.path, "--text", "é", "--device", "cpu"]), 65,
        "195", "149", "tokenizer")
    }

    @Test("devices that are not there name those that are", arguments: ["99", "nosuch"])
    func devices(_ device: String) throws {
      let fixture = try CommandFixture()
      expect(
        try AccreteProcess.run(["score", "--model", Self.model.path, "--ids", "5,6", "--device", device]), 69, device)
      expect(try fixture.train("--device", device), 69, device)
      #expect(!FileManager.default.fileExists(atPath: fixture.output.path))
    }

    @Test("commands and options that do not exist, or are used wrongly")
    func usage() throws {
      let model = ["--model", Self.model.path]
      expect(try AccreteProcess.run(["frobnicate"]), 64, "frobnicate")
      expect(try AccreteProcess.run(["score", "--ids", "1,2", "--fast"] + model), 64, "--fast")
      expect(try AccreteProcess.run(["score"] + model), 64, "--ids", "--text")
      expect(try AccreteProcess.run(["generate", "--ids", "1", "--max-tokens", "x"] + model), 64, "--max-tokens")
      expect(try AccreteProcess.run(["generate", "--ids", "1", "--top-p", "2"] + model), 64, "--top-p")
      expect(try AccreteProcess.run(["convert", "--output", "/x", "--dtype", "int4"] + model), 64, "int4")
      for arguments in [["--help"], ["train", "--help"], ["--version"]] {
        let outcome = try AccreteProcess.run(arguments)
        #expect(outcome.code == 0 && !outcome.output.isEmpty && outcome.errors.isEmpty)
      }
    }
  }
}
