import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// A full disk, a closed stream, a reader that has gone: exit codes, never a signal.
  @Suite("Streams that cannot be written")
  struct UnwritableStreamTests {
    /// Commands that print a result; @ is the fixture's folder, # a path that does not exist yet.
    static let commands = [
      "train @/recipe.yaml output_dir=# --device cpu", "train @/recipe.yaml output_dir=# --device cpu --json",
      "generate --device cpu --model @/model --prompt one --max-tokens 4",
      "generate --device cpu --model @/model --ids 111,110 --max-tokens 4 --json",
      "score --device cpu --model @/model --text one", "evaluate --device cpu --model @/model --data @/one-valid.jsonl",
      "tokenize --model @/model --text one", "tokenize --model @/model --file @/recipe.yaml",
      "chat @/model --device cpu --max-tokens 4", "convert --model @/model --output #", "inspect @/model",
      "data show @/recipe.yaml", "tokenizer train @/recipe.yaml.txt --vocab-size 270 --output #",
      "tokenizer convert --model @/model --output #", "report @/run", "rounds @/run", "rounds diff @/run @/run",
      "devices", "keys", "plan --preset tiny", "bench compare @/bench.json @/bench.json", "--help", "--version",
      "help train",
      "--generate-completion-script bash",
    ]

    /// Commands that need a device; each compiles its kernels.
    static let deviceCommands = [
      "doctor softmax --small", "bench --shapes 8x8x8 --quick", "tune --shapes 8x8x8:nt --seconds 0.01",
    ]

    /// A run, its last model with a chat template, and the other files that the commands read.
    private static let fixture = Result {
      let fixture = try CommandFixture()
      _ = try fixture.copy(TrainedModel.outcome.get().fixture.output, as: "run")
      let model = try fixture.copy(TrainedModel.folder().resolvingSymlinksInPath(), as: "model")
      try FileManager.default.copyItem(
        at: TestData.golden("templates/chatml.jinja"), to: model.appending(path: "chat_template.jinja"))
      try fixture.write(CommandFixture.recipeText(), "recipe.yaml.txt")
      try fixture.write("one\n/reset\ntwo\n", "input.txt")
      try fixture.write(
        #"{"date":"","device":"d","driver":"1","peak_gbps":1,"peak_gflops":1,"rows":[{"dtype":"f32","kernel":"matmul","#
          + #""shape":"1x1x1 NT","milliseconds":1,"runs":3}]}"#, "bench.json")
      return fixture
    }

    private func run(_ command: String, output: StreamEnd = .file, errors: StreamEnd = .file) throws -> CommandOutcome {
      let fixture = try Self.fixture.get()
      let arguments = command.split(separator: " ").map {
        String($0).replacing("@", with: fixture.folder.path).replacing("#", with: fixture.file(UUID().uuidString).path)
      }
      return try AccreteProcess.run(
        arguments, input: fixture.file("input.txt"), output: output, errors: errors)
    }

    @Test("every command that the help lists is among them")
    func all() throws {
      let help = try run("--help").output
      let list = try #require(help.split(separator: "SUBCOMMANDS:").last)
      let names = list.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
        .compactMap { $0.split(separator: " ").first.map(String.init) }
        // The last line of the help names no command.
        .filter { $0 != "See" }
      #expect(names.count >= 17, "\(help)")
      let commands = Self.commands + Self.deviceCommands
      let tested = Set(commands.compactMap { $0.split(separator: " ").first.map(String.init) })
      // A hub of the test's own stands in DownloadCommandTests.
      #expect(Set(names).subtracting(tested) == ["download"])
    }

    @Test(
      "a result that cannot be written is 74 with the reason, an absent reader 141 without a word", arguments: commands)
    func output(_ command: String) throws {
      for (end, reason) in [(StreamEnd.full, "No space left on device"), (.closed, "Bad file descriptor")] {
        let outcome = try run(command, output: end)
        #expect(outcome.code == 74, "\(end): \(outcome.errors)")
        #expect(outcome.errorLines.count == 1, "\(end): \(outcome.errors)")
        let line = outcome.errorLines.first ?? ""
        #expect(line.contains("stdout") && line.contains(reason), "\(end): \(outcome.errors)")
      }
      let unread = try run(command, output: .unread)
      #expect(unread.code == 141 && unread.errorLines.isEmpty, "\(unread.code) \(unread.errors)")
    }

    @Test("remarks that cannot be written are lost, and change nothing", arguments: commands)
    func errors(_ command: String) throws {
      for end in [StreamEnd.full, .closed, .unread] {
        let outcome = try run(command, errors: end)
        #expect(outcome.code == 0 && !outcome.output.isEmpty, "\(end): \(outcome.code)")
      }
    }

    @Test("the same of commands that compile kernels", .onOpenCL, arguments: deviceCommands)
    func devices(_ command: String) throws {
      let full = try run(command, output: .full)
      #expect(full.code == 74 && full.errorLines.count == 1, "\(full.errors)")
      let closed = try run(command, errors: .closed)
      #expect(closed.code == 0 && !closed.output.isEmpty, "\(closed.code)")
    }

    @Test("a compiler that cannot warn does not end a good result with a bad code", .onOpenCL)
    func warnings() throws {
      let fixture = try Self.fixture.get()
      for end in [StreamEnd.full, .unread] {
        // Without cached kernels the driver's compiler runs, and prints its number of warnings.
        let cache = fixture.file("kernels-\(end)")
        try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
        let outcome = try AccreteProcess.run(
          ["score", "--model", fixture.file("model").path, "--text", "one"],
          environment: ["POCL_CACHE_DIR": cache.path], errors: end)
        #expect(outcome.code == 0 && outcome.output.hasPrefix("loss "), "\(end): \(outcome)")
      }
    }

    @Test("an error has its code where nobody can read it")
    func failures() throws {
      for end in [StreamEnd.full, .closed, .unread] {
        #expect(try run("frobnicate", errors: end).code == 64)
        #expect(try run("score --model @/none --text one", errors: end).code == 66)
        #expect(try run("doctor --device cpu", errors: end).code == 69)
      }
    }

    @Test("a run whose streams are closed is whole: no remark lands in the first file that is opened")
    func run() throws {
      let fixture = try CommandFixture()
      let outcome = try AccreteProcess.run(
        ["train", fixture.recipe.path, "--device", "cpu", "--json"], output: .closed, errors: .closed)
      #expect(outcome.code == 74)
      let whole = try TrainedModel.outcome.get().fixture
      for path in ["rounds/01-one", "rounds/02-two"] {
        for name in ["model.safetensors", "config.json", "tokenizer.json"] {
          let file = path + "/" + name
          #expect(
            try Data(contentsOf: fixture.output.appending(path: file))
              == Data(contentsOf: whole.output.appending(path: file)), "\(file)")
        }
      }
      let lines = try String(contentsOf: fixture.metrics, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == 8)
      #expect(lines.allSatisfy { (try? JSONSerialization.jsonObject(with: Data($0.utf8))) != nil })
      let again = try fixture.train("--device", "cpu", "--resume")
      #expect(again.code == 0 && again.errors.contains("the run is finished"), "\(again.errors)")
    }

    @Test("files that options name, on a full disk: 74, the file and the reason; the dialogue goes on")
    func files() throws {
      let fixture = try CommandFixture()
      let full = fixture.file("full.jsonl")
      try FileManager.default.createSymbolicLink(at: full, withDestinationURL: URL(fileURLWithPath: "/dev/full"))
      let model = try Self.fixture.get().file("model").path
      let train = try fixture.train("--write-batches", full.path, "--device", "cpu")
      let input = try fixture.write("one\n/save \(full.path)\ntwo\n", "input.txt")
      let chat = try AccreteProcess.run(["chat", model, "--device", "cpu", "--max-tokens", "4"], input: input)
      // The samples of twenty rows are larger than the limit.
      let samples = try AccreteProcess.run(
        [
          "evaluate", "--model", model, "--data", fixture.file("one.jsonl").path, "--task", "qa", "--max-tokens", "4",
          "--samples", fixture.file("samples.jsonl").path, "--device", "cpu",
        ], fileLimit: 1)
      for (outcome, words) in [
        (train, "full.jsonl: a micro-batch cannot be written (No space left on device)"),
        (chat, "full.jsonl: No space left on device"), (samples, "File too large"),
      ] {
        #expect(outcome.code == 74 && outcome.errorLines.count == 1, "\(outcome.code) \(outcome.errors)")
        #expect(outcome.errorLines.first?.contains(words) == true, "\(outcome.errors)")
      }
      // Both questions were answered.
      #expect(chat.output.split(separator: "\n", omittingEmptySubsequences: false).count >= 3, "\(chat.output)")
      #expect(samples.errors.contains("samples.jsonl") && samples.output.isEmpty)
    }
  }
}
