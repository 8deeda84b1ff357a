import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// `base.chat_template`, and the masks of templates as `accrete data show` prints them.
  @Suite("chat templates of a recipe")
  struct ChatTemplateCommandTests {
    private static let rows = #"""
      {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo."}, {"role": "user", "content": "Bye"}, {"role": "assistant", "content": "<think>\nLeave.\n</think>\n\nSo long."}]}

      """#

    /// The texts that `data show` marks as supervised in the first row.
    private func learnt(_ fixture: CommandFixture, _ more: String...) throws -> (texts: [String], notes: String) {
      let outcome = try AccreteProcess.run(
        ["data", "show", fixture.recipe.path, "--round", "one", "--json", "sequence_length=512"] + more)
      #expect(outcome.code == 0, "\(outcome.errors)")
      let datasets = try #require(try outcome.json()["datasets"] as? [[String: Any]])
      let sample = try #require((datasets.first?["samples"] as? [[String: Any]])?.first)
      let pieces = try #require(sample["pieces"] as? [String])
      let marks = try #require(sample["supervised"] as? [Bool])
      var texts: [String] = []
      for (index, piece) in pieces.enumerated() where marks[index] {
        if index > 0, marks[index - 1] { texts[texts.count - 1] += piece } else { texts.append(piece) }
      }
      // The vocabulary spells a space and a line's end as letters of its own.
      return (
        texts.map { $0.replacing("Ġ", with: " ").replacing("Ċ", with: "\n") }, outcome.errors + outcome.output
      )
    }

    @Test(
      "a base without a template gets the one that the recipe names, with its control tokens and its stop",
      arguments: [
        ("chatml", ["Yo.<|im_end|>", "<think>\nLeave.\n</think>\n\nSo long.<|im_end|>"]),
        ("llama3", ["Yo.<|eot_id|>", "<think>\nLeave.\n</think>\n\nSo long.<|eot_id|>"]),
        ("alpaca", ["Yo.<|eos|>", "<think>\nLeave.\n</think>\n\nSo long.<|eos|>"]),
        ("mistral", [" Yo.<|eos|>", " <think>\nLeave.\n</think>\n\nSo long.<|eos|>"]),
        ("gemma", ["Yo.<end_of_turn>", "<think>\nLeave.\n</think>\n\nSo long.<end_of_turn>"]),
        ("qwen3", ["Yo.<|im_end|>", "<think>\nLeave.\n</think>\n\nSo long.<|im_end|>"]),
      ])
    func builtin(_ name: String, _ texts: [String]) throws {
      let fixture = try CommandFixture()
      try fixture.write(Self.rows, "one.jsonl")
      #expect(try learnt(fixture, "base.chat_template=\(name)").texts == texts)
    }

    @Test(
      "a template's file brings its own control tokens, and its masks are shown",
      arguments: [
        ("families/phi4", ["Yo.<|end|>", "<think>\nLeave.\n</think>\n\nSo long.<|end|><|end|>"]),
        ("families/qwen35", ["Yo.<|im_end|>", "Leave.\n</think>\n\nSo long.<|im_end|>"]),
        ("modern/opens_think", ["Yo.<|end▁of▁sentence|>", "\n\nSo long.<|end▁of▁sentence|>"]),
        ("modern/system_last", [" Yo.<|eos|>", " <think>\nLeave.\n</think>\n\nSo long.<|eos|>"]),
        ("families/tagged", ["Yo.<|end|>", "<think>\nLeave.\n</think>\n\nSo long.<|end|>"]),
      ])
    func files(_ name: String, _ texts: [String]) throws {
      let fixture = try CommandFixture()
      try fixture.write(Self.rows, "one.jsonl")
      _ = try fixture.copy(TestData.golden("templates/\(name).jinja"), as: "template.jinja")
      let shown = try learnt(fixture, "base.chat_template=template.jinja").texts
      // A letter beyond ASCII has a piece for each byte.
      #expect(shown.map { $0.filter(\.isASCII) } == texts.map { $0.filter(\.isASCII) })
    }

    @Test("new tokens stand in the saved tokenizer and model; their rows begin as the mean of the others")
    func saved() throws {
      let fixture = try CommandFixture()
      try fixture.write(Self.rows, "one.jsonl")
      _ = try fixture.copy(TrainedModel.folder().resolvingSymlinksInPath(), as: "model")
      let arguments = [
        "base={model: model, chat_template: chatml}", "max_steps=1", "warmup_steps=0", "learning_rate=1.0e-12",
        "sequence_length=256", "rounds=[{name: one, train: one.jsonl}]", "--device", "cpu",
      ]
      let outcome = try AccreteProcess.run(["train", fixture.recipe.path] + arguments)
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(
        (outcome.output + outcome.errors).contains("2 new tokens, <|im_start|>, <|im_end|> (vocabulary 259 → 261)"))
      let saved = fixture.file("run/rounds/final")
      let config = try json(saved.appending(path: "config.json"))
      #expect(config["vocab_size"] as? Int == 261)
      let generation = try json(saved.appending(path: "generation_config.json"))
      #expect((generation["eos_token_id"] as? [Int])?.first == 260)
      let tokens = try #require(try json(saved.appending(path: "tokenizer.json"))["added_tokens"] as? [[String: Any]])
      #expect(tokens.suffix(2).map { $0["content"] as? String } == ["<|im_start|>", "<|im_end|>"])
      #expect(tokens.suffix(2).map { $0["id"] as? Int } == [259, 260])
      let settings = try json(saved.appending(path: "tokenizer_config.json"))
      #expect((settings["chat_template"] as? String)?.contains("<|im_start|>assistant") == true)
      #expect(settings["eos_token"] as? String == "<|im_end|>")
      // The saved model has a template of its own and its tokens: neither is added again.
      let again = try AccreteProcess.run(
        [
          "data", "show", fixture.recipe.path, "--round", "one", "sequence_length=256",
          "base={model: \(saved.path), chat_template: alpaca}",
        ])
      #expect(
        again.code == 0 && (again.output + again.errors).contains("in place of the base's own"), "\(again.errors)")
      let file = fixture.file("model.gguf")
      let converted = try AccreteProcess.run(["convert", "--model", saved.path, "--output", file.path])
      #expect(converted.code == 0, "\(converted.errors)")
    }

    @Test("a name that is none is refused by key")
    func refused() throws {
      let fixture = try CommandFixture()
      try fixture.write(Self.rows, "one.jsonl")
      _ = try fixture.copy(TrainedModel.folder().resolvingSymlinksInPath(), as: "model")
      let outcome = try AccreteProcess.run(["data", "show", fixture.recipe.path, "base.chat_template=chatlm"])
      let words = "one of chatml, llama3, alpaca, mistral, gemma, qwen3, or the path of a .jinja file"
      #expect(outcome.code == 65 && outcome.errors.contains(words), "\(outcome.errors)")
    }

    private func json(_ url: URL) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    }
  }
}
