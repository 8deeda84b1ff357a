import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// Every file that a command reads, replaced by something that is no regular file or never ends.
  @Suite("Files that are none")
  struct UnreadableFileTests {
    /// The things put in a file's place.
    enum Intruder: String, CaseIterable {
      case pipe, device, folder, endless

      func put(at file: URL) throws {
        try? FileManager.default.removeItem(at: file)
        switch self {
        case .pipe: #expect(mkfifo(file.path, 0o600) == 0)
        case .device: #expect(symlink("/dev/zero", file.path) == 0)
        case .folder: try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
        case .endless:
          try Data().write(to: file)
          #expect(truncate(file.path, 100 << 30) == 0)
        }
      }
    }

    /// A command and the file that it reads, both relative to the fixture's folder.
    struct Reader: CustomTestStringConvertible, Sendable {
      let file: String
      let command: [String]
      /// True where the command works without the file: it is optional, or one of several alternatives.
      var mayDo = false

      var testDescription: String { file }
    }

    private static let readers: [Reader] = [
      Reader(file: "recipe.yaml", command: ["data", "show", "recipe.yaml"]),
      Reader(file: "rows.jsonl", command: ["evaluate", "--model", "model", "--data", "rows.jsonl"]),
      Reader(file: "rows.json", command: ["evaluate", "--model", "model", "--data", "rows.json"]),
      Reader(file: "rows.csv", command: ["evaluate", "--model", "model", "--data", "rows.csv"]),
      Reader(file: "rows.txt", command: ["evaluate", "--model", "model", "--data", "rows.txt"]),
      Reader(file: "rows.jsonl.gz", command: ["evaluate", "--model", "model", "--data", "rows.jsonl.gz"]),
      Reader(file: "lines.txt", command: ["tokenize", "--model", "model", "--file", "lines.txt"]),
      Reader(
        file: "lines.txt", command: ["tokenizer", "train", "lines.txt", "--vocab-size", "300", "--output", "out"]),
      Reader(file: "model/config.json", command: ["inspect", "model"]),
      Reader(file: "model/model.safetensors", command: ["score", "--model", "model", "--ids", "1,2,3"]),
      Reader(file: "model/model.safetensors.index.json", command: ["inspect", "model"], mayDo: true),
      Reader(file: "model/tokenizer.json", command: ["tokenize", "--model", "model", "--text", "a"]),
      Reader(file: "model/tokenizer_config.json", command: ["tokenize", "--model", "model", "--text", "a"]),
      Reader(file: "model/special_tokens_map.json", command: ["tokenize", "--model", "model", "--text", "a"]),
      Reader(file: "model/generation_config.json", command: ["tokenize", "--model", "model", "--text", "a"]),
      Reader(file: "model/chat_template.jinja", command: ["tokenize", "--model", "model", "--text", "a"]),
      Reader(file: "adapter/adapter_config.json", command: ["inspect", "adapter"]),
      Reader(file: "adapter/adapter_model.safetensors", command: ["inspect", "adapter"]),
      Reader(file: "model.gguf", command: ["inspect", "model.gguf"]),
      Reader(file: "stories.bin", command: ["inspect", "stories.bin"]),
      Reader(file: "tokenizer.model", command: ["tokenize", "--model", "tokenizer.model", "--text", "a"]),
      Reader(file: "tok.bin", command: ["tokenize", "--model", "tok.bin", "--text", "a"]),
      Reader(file: "old.json", command: ["bench", "compare", "old.json", "old.json"]),
      Reader(file: "run/recipe.yaml", command: ["report", "run"]),
      Reader(file: "run/metrics.jsonl", command: ["report", "run"]),
      Reader(file: "run/transfer.json", command: ["report", "run"]),
      Reader(file: "run/rounds/01-one/round.json", command: ["report", "run"]),
      Reader(file: "run/rounds/01-one/samples.jsonl", command: ["report", "run"], mayDo: true),
    ]

    @Test("each is refused in one line, and neither waited for nor read without end", arguments: readers)
    func refused(_ reader: Reader) throws {
      for intruder in Intruder.allCases {
        let fixture = try CommandFixture()
        try Self.fill(fixture)
        try intruder.put(at: fixture.file(reader.file))
        let outcome = try AccreteProcess.run(
          reader.command
            + (reader.command[0] == "evaluate" || reader.command[0] == "score" ? ["--device", "cpu"] : []),
          shell: "cd '\(fixture.folder.path)'; ulimit -v \(24 << 20)", timeLimit: 60)
        if reader.mayDo && outcome.code == 0 { continue }
        #expect([65, 66, 74].contains(outcome.code), "\(intruder) for \(reader.file): \(outcome)")
        #expect(outcome.errorLines.count == 1, "\(intruder) for \(reader.file): \(outcome)")
        #expect(outcome.errorLines.first?.contains(reader.file.split(separator: "/").last ?? "") == true)
      }
    }

    /// Makes a model, an adapter's folder and a run, from links to the trained ones.
    private static func fill(_ fixture: CommandFixture) throws {
      let files = FileManager.default
      let trained = try TrainedModel.outcome.get().fixture
      for (name, source) in [("model", try TrainedModel.folder()), ("run", trained.output)] {
        let folder = source.resolvingSymlinksInPath()
        for path in try files.subpathsOfDirectory(atPath: folder.path) {
          let (from, to) = (folder.appending(path: path), fixture.file(name).appending(path: path))
          var isFolder = ObjCBool(false)
          _ = files.fileExists(atPath: from.path, isDirectory: &isFolder)
          try files.createDirectory(
            at: isFolder.boolValue ? to : to.deletingLastPathComponent(), withIntermediateDirectories: true)
          if !isFolder.boolValue { try files.createSymbolicLink(at: to, withDestinationURL: from) }
        }
      }
      try files.createDirectory(at: fixture.file("adapter"), withIntermediateDirectories: true)
      try fixture.write(
        #"{"peft_type": "LORA", "base_model_name_or_path": "\#(fixture.file("model").path)", "r": 1, "#
          + #""lora_alpha": 1, "target_modules": ["q_proj"]}"#, "adapter/adapter_config.json")
    }

    @Test("a start in a folder that was deleted ends: whole paths work, and others are not found")
    func deletedFolder() throws {
      let fixture = try CommandFixture()
      let gone = "mkdir '\(fixture.folder.path)/gone'; cd '\(fixture.folder.path)/gone'; rmdir ../gone"
      let model = try TrainedModel.folder().path
      for device in ["cpu", "auto"] {
        let scored = try AccreteProcess.run(
          ["score", "--model", model, "--ids", "1,2,3", "--device", device], shell: gone, timeLimit: 60)
        #expect(scored.code == 0, "\(scored)")
        let missing = try AccreteProcess.run(
          ["score", "--model", "model", "--ids", "1,2,3", "--device", device], shell: gone, timeLimit: 60)
        #expect(missing.code == 66 && missing.errorLines.count == 1, "\(missing)")
      }
      let recipe = try AccreteProcess.run(["data", "show", "recipe.yaml"], shell: gone, timeLimit: 60)
      #expect(recipe.code == 66 && recipe.errorLines.count == 1, "\(recipe)")
    }

    @Test("templates and tokenizers that ask for all memory are refused in little of it")
    func bombs() throws {
      let fixture = try CommandFixture()
      try Self.fill(fixture)
      let template = fixture.file("model/chat_template.jinja")
      let doubling = String(repeating: "{% set l=[l,l] %}", count: 48)
      let joined = String(repeating: "{% set l=l+l %}", count: 19)
      for source in [
        "{% set s='a'*1000000 %}{% set ns=namespace(l=[]) %}{% for i in range(100000) %}{% set c %}{{ s }}{{ i }}"
          + "{% endset %}{% set ns.l = ns.l + [c] %}{% endfor %}",
        "{% set s='a'*1000000 %}{% set l=[s] %}\(joined){{ l|join(',') }}", "{% set l=[1] %}\(doubling)x",
      ] {
        try? FileManager.default.removeItem(at: template)
        try Data(source.utf8).write(to: template)
        let outcome = try AccreteProcess.run(
          ["generate", "--model", "model", "--chat", "hello", "--max-tokens", "1", "--device", "cpu"],
          shell: "cd '\(fixture.folder.path)'; ulimit -v \(4 << 20)", timeLimit: 60)
        #expect(outcome.code == 65 && outcome.errorLines.count == 1, "\(outcome)")
        #expect(outcome.errorLines.first?.contains("chat template, line 1") == true, "\(outcome)")
      }
    }

    @Test("less memory than the plan needs is refused with the numbers, before it is taken")
    func lessMemory() throws {
      let fixture = try CommandFixture()
      // 135M parameters: 0.5 GiB of weights, and as much for the gradients and for each moment.
      try fixture.write(
        CommandFixture.recipeText().replacing("{preset: tiny,", with: "{preset: SmolLM2-135M,"), "recipe.yaml")
      let outcome = try AccreteProcess.run(
        ["train", fixture.recipe.path, "--device", "cpu"], shell: "ulimit -v \(3 << 19)", timeLimit: 300)
      #expect(outcome.code == 5 && outcome.errorLines.count == 1, "\(outcome)")
      #expect(outcome.errorLines.first?.contains("GiB") == true, "\(outcome)")
    }
  }
}
