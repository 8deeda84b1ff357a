import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// Models are asked as their runs taught them.
  @Suite("Asked as taught")
  struct AskedFormTests {
    /// Folders of models that a step of training made from a base with ChatML's template, rows written each in one way.
    private func train(_ fixture: CommandFixture, _ output: String, _ more: String...) throws -> String {
      let base = fixture.file("base")
      if !FileManager.default.fileExists(atPath: base.path) {
        _ = try fixture.copy(TrainedModel.folder().resolvingSymlinksInPath(), as: "base")
        try FileManager.default.removeItem(at: base.appending(path: "round.json"))
        try FileManager.default.copyItem(
          at: TestData.golden("templates/chatml.jinja"), to: base.appending(path: "chat_template.jinja"))
      }
      let arguments = ["base={model: base}", "max_steps=1", "sequence_length=160", "output_dir=\(output)"]
      let outcome = try AccreteProcess.run(["train", fixture.recipe.path, "--device", "cpu"] + arguments + more)
      #expect(outcome.code == 0, "\(outcome.errors)")
      return fixture.file(output + "/rounds/final").path
    }

    private func templates(_ model: String) throws -> [String: String]? {
      let data = try Data(contentsOf: URL(fileURLWithPath: model + "/round.json"))
      return (try JSONSerialization.jsonObject(with: data) as? [String: Any])?["templates"] as? [String: String]
    }

    @Test("a run records how rows were written; evaluate follows, generate and chat warn where they ask otherwise")
    func follows() throws {
      let fixture = try CommandFixture()
      let chat = try train(fixture, "chat")
      let raw = try train(fixture, "raw", "template=none")
      let mixed = try train(fixture, "mixed", "rounds.0.template=none")
      let adapter = try train(fixture, "lora", "method={type: lora, rank: 2}", "template=none")
      #expect(try templates(chat) == ["one": "chat", "two": "chat"])
      #expect(try templates(raw) == ["one": "raw", "two": "raw"] && templates(adapter) == templates(raw))
      #expect(try templates(mixed) == ["one": "raw", "two": "chat"])

      func evaluate(_ model: String, _ more: String...) throws -> (prompt: String, errors: String) {
        let samples = fixture.file("samples.jsonl")
        let outcome = try AccreteProcess.run(
          [
            "evaluate", "--model", model, "--data", fixture.file("one-valid.jsonl").path, "--task", "qa",
            "--max-tokens",
            "2", "--limit", "1", "--samples", samples.path, "--json", "--device", "cpu",
          ] + more)
        #expect(outcome.code == 0, "\(outcome.errors)")
        let row = try JSONSerialization.jsonObject(with: Data(contentsOf: samples)) as? [String: String]
        return (try #require(row?["prompt"]), outcome.errors)
      }
      let turns = "<|im_start|>user\none 20:<|im_end|>\n<|im_start|>assistant\n"
      for model in [chat, fixture.file("base").path, mixed] { #expect(try evaluate(model).prompt == turns, "\(model)") }
      for model in [raw, adapter] { #expect(try evaluate(model).prompt == "one 20:", "\(model)") }
      #expect(try evaluate(chat, "--template", "none").prompt == "one 20:")
      #expect(try evaluate(mixed).errors.contains("in two forms") && !evaluate(chat).errors.contains("in two forms"))

      func warning(_ option: String, _ model: String) throws -> String {
        let outcome = try AccreteProcess.run(
          ["generate", "--model", model, option, "one 1:", "--max-tokens", "1", "--device", "cpu"])
        #expect(outcome.code == 0, "\(outcome.errors)")
        return outcome.errors.split(separator: "\n").first { $0.contains("warning:") }.map(String.init) ?? ""
      }
      #expect(try warning("--prompt", chat).hasSuffix("--prompt asks it otherwise: ask it with --chat"))
      #expect(try warning("--chat", raw).hasSuffix("--chat asks it otherwise: ask it with generate --prompt"))
      #expect(try warning("--chat", adapter).contains(adapter))
      for (option, model) in [
        ("--chat", chat), ("--prompt", raw), ("--prompt", mixed), ("--chat", mixed),
        ("--prompt", fixture.file("base").path),
      ] { #expect(try warning(option, model) == "", "\(option) \(model)") }
    }

    @Test("held-out rows of a task are asked as their round writes them, also where inputs are learnt")
    func tasks() throws {
      let fixture = try CommandFixture()
      let model = try train(
        fixture, "tasks", "train_on_inputs=true", "rounds.0.task=qa", "rounds.1.template=none", "rounds.1.task=qa",
        "evaluation={max_examples: 1, max_new_tokens: 2}")
      let lines = try String(contentsOfFile: model + "/samples.jsonl", encoding: .utf8).split(separator: "\n")
      let rows = try lines.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String] }
      #expect(
        rows.map { $0?["prompt"] } == [
          "<|im_start|>user\none 20:<|im_end|>\n<|im_start|>assistant\n", "two 20:",
        ])
    }
  }
}
