import Foundation
import TestSupport
import Testing

import Trainer

extension CommandTests {
  /// Control characters in texts by strangers never reach the terminal.
  @Suite("Text of strangers")
  struct StrangersTextTests {
    /// One character of each class that a terminal obeys: a colour, a bell, a return, C0, DEL, C1, separators,
    /// directions.
    private static let evil = "\u{1B}[31m\u{7}\r\u{8}\u{7F}\u{9B}2J\u{2028}\u{2029}\u{202E}\u{2066}"
    /// The same characters as escaped in JSON and YAML.
    private static let spelled =
      #"\u001b[31m\u0007\r\b\u007f\u009b2J\u2028\u2029\u202e\u2066"#

    /// Ways from a file or an argument to stdout or stderr; @ is the fixture's folder, EVIL the characters.
    static let ways = [
      // Recipes: a key, values, a name, a path; overrides; a name on the command line.
      "train @/key.yaml", "train @/value.yaml --device cpu", "train @/name.yaml --device cpu",
      "train @/path.yaml output_dir=@/other --device cpu", "train @/recipe.yaml EVIL=1",
      "train @/recipe.yaml precision=EVIL",
      "train @/recipe.yaml device=EVIL", "train @/recipe.yaml output_dir=@/one.jsonl/EVIL --device cpu",
      "data show @/recipe.yaml --round EVIL", "plan --recipe @/key.yaml",
      // Rows: keys, roles, malformed JSON, a table's header, texts, the file's own name.
      "data show @/recipe.yaml rounds.0.train=@/keys.jsonl", "data show @/recipe.yaml rounds.0.train=@/role.jsonl",
      "data show @/recipe.yaml rounds.0.train=@/broken.jsonl", "data show @/recipe.yaml rounds.0.train=@/header.csv",
      "data show @/recipe.yaml rounds.0.train=@/texts.jsonl",
      "data show @/recipe.yaml rounds.0.train=@/texts.jsonl --json",
      "data show @/recipe.yaml rounds.0.train=@/EVIL.jsonl", "data show @/recipe.yaml rounds.0.columns={EVIL:a}",
      // Tokenizers: their parts, special tokens, the pieces of a text.
      "tokenize --model @/tokenizer-type --text a", "tokenize --model @/tokenizer-token --text EVIL",
      "tokenize --model @/tokenizer-token --text EVIL --json", "inspect @/tokenizer-token",
      "tokenizer train @/EVIL.txt --vocab-size 300 --output @/EVIL",
      // Templates: texts that they raise, do not know or print.
      "chat @/raises", "generate --model @/raises --chat a --device cpu",
      "generate --model @/filter --chat a --device cpu",
      "inspect @/raises", "inspect @/raises --json",
      // Models: names of tensors, metadata, configurations, adapters.
      "inspect @/names.safetensors", "inspect @/names.safetensors --json", "inspect @/architecture.gguf",
      "score --model @/architecture.gguf --ids 1,2", "inspect @/configuration",
      "score --model @/configuration --ids 1,2",
      "score --model @/model --adapter @/adapter --ids 1,2",
      // Runs and benchmarks.
      "rounds @/run", "rounds @/run --json", "rounds diff @/run @/run-EVIL", "report @/run-EVIL",
      "bench compare @/bench.json @/bench.json", "bench compare @/bench.json @/EVIL.json",
      // Arguments.
      "EVIL", "score --model @/model --ids 1,2 --EVIL", "score --model @/EVIL --ids 1,2",
      "score --model @/model --ids EVIL",
      "score --model @/model --ids 1,2 --device EVIL", "evaluate --model @/model --data @/EVIL.jsonl",
      "evaluate --model @/model --data @/one.jsonl --task EVIL", "convert --model @/model --output @/EVIL",
      "convert --model @/model --output @/x --dtype EVIL", "doctor EVIL", "bench --shapes EVIL",
      "plan --preset tiny EVIL=1",
      "plan --preset tiny --memory EVIL", "generate --model @/model --ids 1 --temperature EVIL",
      "tune --shapes EVIL --device cpu", "rounds @/EVIL", "inspect @/EVIL",
    ]

    private static let fixture = Result {
      let fixture = try CommandFixture()
      let recipe = CommandFixture.recipeText()
      try fixture.write(recipe + "\"\(spelled)\": 1\n", "key.yaml")
      try fixture.write("precision: \"\(spelled)\"\n" + recipe, "value.yaml")
      try fixture.write(recipe.replacing("name: one", with: "name: \"\(spelled)\""), "name.yaml")
      try fixture.write(recipe.replacing("one.jsonl", with: "\"\(spelled).jsonl\""), "path.yaml")
      try fixture.write(#"{"\#(spelled)": "a"}"# + "\n", "keys.jsonl")
      try fixture.write(#"{"messages": [{"role": "\#(spelled)", "content": "a"}]}"# + "\n", "role.jsonl")
      try fixture.write(evil + "\n", "broken.jsonl")
      let header = evil.replacing("\r", with: "")
      try fixture.write("\(header),\(header)\na,b\n", "header.csv")
      try fixture.write(
        #"{"prompt": "\#(spelled)", "response": "\#(spelled)"}"# + "\n" + CommandFixture.rows("three", 0..<20),
        "texts.jsonl")
      try fixture.write(recipe, evil + ".txt")

      let model = try fixture.copy(TrainedModel.folder().resolvingSymlinksInPath(), as: "model")
      func folder(_ name: String, _ file: String, _ change: (String) -> String) throws {
        let copy = try fixture.copy(model, as: name).appending(path: file)
        let text = (try? String(contentsOf: copy, encoding: .utf8)) ?? ""
        try Data(change(text).utf8).write(to: copy)
      }
      try folder("tokenizer-type", "tokenizer.json") { $0.replacing("\"BPE\"", with: "\"\(spelled)\"") }
      try folder("tokenizer-token", "tokenizer.json") { $0.replacing("<|eos|>", with: spelled) }
      try folder("raises", "chat_template.jinja") { _ in "{{ raise_exception('\(evil)') }}" }
      try folder("filter", "chat_template.jinja") { _ in "{{ 'a'|\(evil) }}" }
      try folder("configuration", "config.json") {
        $0.replacing("\"silu\"", with: "\"\(spelled)\"").replacing(
          "{", with: "{\"\(spelled)\": \"\(spelled)\",", maxReplacements: 1)
      }
      try FileManager.default.createDirectory(at: fixture.file("adapter"), withIntermediateDirectories: true)
      try fixture.write(
        #"{"peft_type": "\#(spelled)", "base_model_name_or_path": "\#(spelled)", "r": 1}"#,
        "adapter/adapter_config.json")

      let tensors = #"{"\#(spelled)":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
      try (littleEndian(tensors.utf8.count) + Data(tensors.utf8) + Data(count: 4))
        .write(to: fixture.file("names.safetensors"))
      // One key of type string, no tensor.
      let key = "general.architecture"
      let gguf = Data("GGUF".utf8) + littleEndian(3).prefix(4) + littleEndian(0) + littleEndian(1)
      let entry = littleEndian(key.utf8.count) + Data(key.utf8) + littleEndian(8).prefix(4)
      try (gguf + entry + littleEndian(evil.utf8.count) + Data(evil.utf8)).write(to: fixture.file("architecture.gguf"))

      for name in ["run", "run-" + evil] {
        let run = try fixture.copy(TrainedModel.outcome.get().fixture.output, as: name)
        for path in ["transfer.json", "rounds/01-one/round.json", "metrics.jsonl"] {
          let file = run.appending(path: path)
          let text = try String(contentsOf: file, encoding: .utf8)
          try Data(text.replacing("\"one\"", with: "\"\(spelled)\"").utf8).write(to: file)
        }
      }
      let row = #"{"dtype":"f32","kernel":"\#(spelled)","shape":"1x1x1","milliseconds":1,"runs":3}"#
      for (name, device) in [("bench.json", "d"), (evil + ".json", spelled)] {
        try fixture.write(
          #"{"date":"","device":"\#(device)","driver":"1","peak_gbps":1,"peak_gflops":1,"rows":[\#(row)]}"#, name)
      }
      try fixture.write("/\(evil)\na\n", "input.txt")
      return fixture
    }

    /// A number in eight bytes, little-endian; callers that need four take the first.
    private static func littleEndian(_ number: Int) -> Data {
      withUnsafeBytes(of: UInt64(number).littleEndian) { Data($0) }
    }

    private func arguments(_ way: String) throws -> [String] {
      let fixture = try Self.fixture.get()
      return way.split(separator: " ").map {
        String($0).replacing("@", with: fixture.folder.path).replacing("EVIL", with: Self.evil)
      }
    }

    @Test("no way from a file or an argument to the terminal", arguments: ways)
    func way(_ way: String) throws {
      let outcome = try AccreteProcess.run(arguments(way), input: Self.fixture.get().file("input.txt"))
      let shown = outcome.output + outcome.errors
      let steering = shown.unicodeScalars.filter { $0.steersTerminal && $0 != "\n" && $0 != "\t" }
      #expect(
        steering.isEmpty, "\(outcome.code): \(steering.map { $0.escaped(asASCII: true) }) in \(shown.debugDescription)")
      // The way exists: the text of the file or argument is shown.
      #expect(shown.contains(#"\u{1B}"#) || shown.contains(#"\u001b"#), "\(outcome.code): \(shown)")
      if ![0, 1].contains(outcome.code) { #expect(outcome.errorLines.count == 1, "\(outcome.errors)") }
    }

    @Test("JSON on stdout has the strangers' text, to the last character")
    func json() throws {
      let outcome = try AccreteProcess.run(arguments("inspect @/raises --json"))
      #expect(try outcome.json()["chat_template"] as? String == "{{ raise_exception('\(Self.evil)') }}")
      let tokens = try AccreteProcess.run(arguments("tokenize --model @/tokenizer-token --text EVIL --json")).json()
      #expect(tokens["pieces"] as? [String] == [Self.evil])
    }

    /// The screen without the program's own control sequences: the progress bar's, and the mark of supervised tokens.
    private func screen(_ outcome: (code: Int32, screen: String)) -> String {
      ["\r\u{1B}[K", "\u{1B}[4;32m", "\u{1B}[0m"].reduce(outcome.screen) { $0.replacing($1, with: "") }
    }

    private func steers(_ text: String) -> Bool {
      text.unicodeScalars.contains { $0.steersTerminal && $0 != "\n" && $0 != "\t" }
    }

    @Test("a model's words are themselves in a file, and steer no terminal")
    func answers() throws {
      let fixture = try Self.fixture.get()
      try? FileManager.default.copyItem(
        at: TestData.golden("templates/chatml.jinja"), to: fixture.file("model/chat_template.jinja"))
      let input = try fixture.write("one\n", "question.txt")
      // A temperature at which every byte is about equally likely.
      let drawing = ["--device", "cpu", "--max-tokens", "96", "--temperature", "50", "--seed", "1"]
      let model = fixture.file("model").path
      for command in [["generate", "--model", model, "--ids", "111,110,101"], ["chat", model]] {
        let file = try AccreteProcess.run(command + drawing, input: input)
        #expect(file.code == 0 && steers(file.output), "\(file)")
        let terminal = try AccreteProcess.onTerminal(command + drawing, input: input)
        #expect(terminal.code == 0 && !steers(terminal.screen), "\(terminal.screen.debugDescription)")
        let answer = printableText(file.output)
        #expect(answer.contains("\\u{") && terminal.screen.contains(answer.trimmingCharacters(in: .newlines)))
      }
    }

    @Test("rows on a terminal are coloured by the program alone, and a progress bar is drawn")
    func colours() throws {
      let fixture = try Self.fixture.get()
      let rows = try AccreteProcess.onTerminal(
        ["data", "show", fixture.recipe.path, "rounds.0.train=\(fixture.file("texts.jsonl").path)"])
      #expect(rows.code == 0 && rows.screen.contains("\u{1B}[4;32m") && !steers(screen(rows)), "\(rows)")
      #expect(rows.screen.contains(#"\u{1B}[31m"#))
      let train = try AccreteProcess.onTerminal(
        ["train", fixture.recipe.path, "output_dir=\(fixture.file("drawn").path)", "--device", "cpu"])
      #expect(train.code == 0 && train.screen.contains("█") && !steers(screen(train)), "\(train)")
    }
  }
}
