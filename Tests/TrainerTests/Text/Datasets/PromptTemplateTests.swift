import Foundation
import TestSupport
import Testing

import Trainer

@Suite("Prompts and completions as turns of the chat template")
struct PromptTemplateTests {
  private static var tokenizer: WordTokenizer {
    get throws {
      var tokenizer = WordTokenizer()
      tokenizer.chatTemplate = try TemplateGolden.source("chatml.jinja")
      return tokenizer
    }
  }

  private static let raw: RowSettings = {
    var settings = RowSettings()
    settings.template = .none
    return settings
  }()

  private func learnt(
    _ row: String, _ change: (inout RowSettings) -> Void = { _ in }
  ) throws -> (text: String, learnt: [String]) {
    var settings = RowSettings()
    change(&settings)
    let tokenizer = try Self.tokenizer
    let sample = try DatasetFixture(row).load(settings: settings, tokenizer: tokenizer, sequenceLength: 500).samples[0]
    return (tokenizer.decode(sample.ids, skipSpecial: false), tokenizer.learnt(sample))
  }

  /// Rows of text, ids and masks by TRL's conventions, which prompts.py writes with transformers.
  ///
  /// TRL learns every token after as many as the prompt has. Ours differ in two ways. The line's end after `<|im_end|>` is
  /// not learnt: generation stops before it. And where a token crosses the prompt's end (the line's end with the
  /// completion's indentation), it is learnt, as transformers' assistant masks have it, while TRL's count leaves it out.
  @Test(
    "ids are those of transformers for SmolLM2, and masks those of TRL but for what no model writes",
    .enabled(if: TestData.isPresent, Comment(rawValue: TestData.absence)))
  func conventions() throws {
    let url = TestData.golden("templates/prompts.json")
    let rows = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [[String: Any]])
    let folder = FileManager.default.temporaryDirectory.appending(path: "smollm2-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: TestData.url("tokenizers/smollm2"), to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.copyItem(
      at: TestData.golden("templates/smollm2.jinja"), to: folder.appending(path: "chat_template.jinja"))
    let tokenizer = try loadTokenizer(at: folder)
    #expect(rows.count == 10 && rows.count { $0["prefix"] as? Bool == false } == 1)
    for row in rows {
      let line = try #require(row["line"] as? String)
      let (ids, mask) = (try #require(row["ids"] as? [Int32]), try #require(row["mask"] as? [Int]))
      let sample = try DatasetFixture(line).load(
        tokenizer: tokenizer, vocabularySize: 49152, sequenceLength: 500
      ).samples[0]
      #expect(sample.ids == ids, "\(line)")
      var expected = mask.map { $0 == 1 }
      #expect(tokenizer.piece(try #require(ids.last)) == "Ċ")
      expected[expected.count - 1] = false
      if row["prefix"] as? Bool == false { expected[try #require(mask.firstIndex(of: 1)) - 1] = true }
      #expect(sample.labels.map { $0 != Sample.ignoredLabel } == expected, "\(line)")
      #expect(zip(sample.ids, sample.labels).allSatisfy { $1 == Sample.ignoredLabel || $0 == $1 })
    }
  }

  @Test("template: none, and a model without a template, join rows as they stand")
  func joined() throws {
    let rows = [
      #"{"prompt": "Sing:", "completion": " la"}"#, #"{"prompt": "Sing:", "response": " la"}"#,
      #"{"instruction": "Sing", "input": "low", "output": " la"}"#,
      #"{"prompt": "And now?", "completion": " Four.", "system": "Count.", "history": [["One?", "Two."]]}"#,
    ]
    let texts = ["Sing: la</s>", "Sing: la</s>", "Sing\nlow la</s>", "Count.\nOne?\nTwo.\nAnd now? Four.</s>"]
    for (row, text) in zip(rows, texts) {
      let kept = try learnt(row) { $0.template = .none }
      #expect(kept.text == text && kept.learnt == [text.contains("Four") ? " Four.</s>" : " la</s>"])
      let plain = try DatasetFixture(row).load().samples
      let raw = try DatasetFixture(row).load(settings: Self.raw, tokenizer: Self.tokenizer).samples
      #expect(plain == raw)
    }
  }

  @Test("a prompt without words is no turn and refused by line; raw it is read")
  func emptyPrompt() throws {
    for prompt in ["", " \\n"] {
      let fixture = try DatasetFixture("{\"text\": \"a\"}\n{\"prompt\": \"\(prompt)\", \"completion\": \"b\"}")
      let error = try #require(fixture.error(tokenizer: Self.tokenizer))
      #expect(error.place.hasSuffix(":2") && error.message.contains("the prompt has no words"), "\(error)")
      #expect(error.message.contains("{text}") && error.message.contains("template: none"))
      #expect(try fixture.error(settings: Self.raw, tokenizer: Self.tokenizer) == nil && fixture.error() == nil)
    }
  }

  @Test("a completion without words is learnt as an empty answer, and told with its place")
  func emptyCompletion() throws {
    let fixture = try DatasetFixture(
      "{\"prompt\": \"a\", \"completion\": \"b\"}\n{\"prompt\": \"c\", \"completion\": \" \"}\n"
        + "{\"prompt\": \"d\", \"completion\": \"\"}")
    for settings in [RowSettings(), Self.raw] {
      let dataset = try fixture.load(settings: settings, tokenizer: Self.tokenizer)
      #expect(dataset.samples.count == 3 && dataset.remarks.emptyCompletions == 2)
      let note = try #require([dataset].notes.first)
      #expect(note.hasPrefix(fixture.file.path + ":2: the completion has no words, nor have 1 more"), "\(note)")
    }
    #expect(try Self.tokenizer.learnt(fixture.load(tokenizer: Self.tokenizer).samples[2]) == ["<|im_end|>"])
  }

  @Test("a template that refuses a row's turns names the way out")
  func refusedByTemplate() throws {
    var tokenizer = WordTokenizer()
    for template in ["{{ raise_exception('no system here') }}", "{% nosuch %}"] {
      tokenizer.chatTemplate = template
      let row = try DatasetFixture(#"{"prompt": "a", "completion": "b"}"#)
      #expect(
        row.error(tokenizer: tokenizer)?.message.hasSuffix("set template: none, to join rows as they stand") == true)
      #expect(row.error(settings: Self.raw, tokenizer: tokenizer) == nil)
    }
  }

  @Test("a model that is to be asked in one of two ways says which")
  func asking() throws {
    let rounds: [(String, CompletionForm?)] = [("a", .chat), ("b", .raw), ("c", nil), ("d", .chat)]
    let notes = try askingNotes(Self.tokenizer, rounds: rounds)
    #expect(notes.count == 2 && notes[0].contains("of a, d are turns") && notes[0].contains("--chat"), "\(notes)")
    #expect(notes[1].contains("of b are joined") && notes[1].contains("--prompt"))
    #expect(askingNotes(WordTokenizer(), rounds: [("a", .raw)]).isEmpty && askingNotes(nil, rounds: rounds).isEmpty)
    #expect(try askingNotes(Self.tokenizer, rounds: [("c", nil)]).isEmpty)
  }

  @Test("rows by the template are the rows that they were to the check for leaks")
  func fingerprint() {
    let before = [ChatMessage(role: "system", content: "Be brief.")]
    let turns = before + [ChatMessage(role: "user", content: "one"), ChatMessage(role: "assistant", content: "two")]
    let row = RowFingerprint(.completion(prompt: "One", completion: " two!", before: before))
    #expect(row == RowFingerprint(.conversation(Conversation(turns))))
    #expect(row == RowFingerprint(.text("be brief one two")))
  }

  @Test("in reverse, rows by the template are turned by token alone; raw by any unit")
  func reversed() throws {
    var objective = ReadingOrder(forward: 0.5, reverse: 0.5)
    let row = try DatasetFixture(#"{"prompt": "a b", "completion": "c d", "system": "e"}"#)
    func load(_ unit: Reversal.Unit, _ settings: RowSettings) throws -> [Sample]? {
      objective.unit = unit
      let reversal = Reversal(objective, tokenizer: try Self.tokenizer, seed: 1, round: 1, dataset: 0)
      return try row.load(settings: settings, tokenizer: Self.tokenizer, sequenceLength: 500, reversal: reversal)
        .reversed
    }
    let sample = try row.load(tokenizer: Self.tokenizer, sequenceLength: 500).samples[0]
    #expect(try load(.token, RowSettings())?.map(\.ids) == [sample.ids.reversed()])
    for unit in [Reversal.Unit.word, .segment] {
      let error = #expect(throws: DatasetError.self) { try load(unit, RowSettings()) }
      #expect(error?.message.contains("by token only") == true && error?.message.contains("template: none") == true)
    }
    let words = try #require(try load(.word, Self.raw))[0]
    #expect(try Self.tokenizer.decode(words.ids, skipSpecial: true) == "d bc a e")
  }

  // MARK: - What is learnt

  private static let dialogue =
    #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, "#
    + #"{"role": "user", "content": "c", "train": false}, {"role": "assistant", "content": "d"}, "#
    + #"{"role": "user", "content": "e"}, {"role": "assistant", "content": "f", "weight": 0}, "#
    + #"{"role": "user", "content": "g"}]}"#

  @Test("train_on: last learns the last turn that the row lets be learnt")
  func last() throws {
    #expect(try learnt(Self.dialogue).learnt == ["b<|im_end|>", "d<|im_end|>"])
    #expect(try learnt(Self.dialogue) { $0.learntTurns = .last }.learnt == ["d<|im_end|>"])
    let alpaca = #"{"instruction": "c", "output": "d", "history": [["a", "b"]]}"#
    #expect(try learnt(alpaca).learnt == ["b<|im_end|>", "d<|im_end|>"])
    #expect(try learnt(alpaca) { $0.learntTurns = .last }.learnt == ["d<|im_end|>"])
    let turns = #"{"prompt": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "#
    let both = turns + #""completion": [{"role": "assistant", "content": "c"}, {"role": "assistant", "content": "d"}]}"#
    #expect(try learnt(both).learnt == ["c<|im_end|>", "d<|im_end|>"])
    #expect(try learnt(both) { $0.learntTurns = .last }.learnt == ["d<|im_end|>"])
  }

  @Test("train_on_inputs learns everything but what a row marks as context")
  func inputs() throws {
    let all = try learnt(Self.dialogue) { $0.learnsInputs = true }
    #expect(
      all.learnt == [
        "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\nd<|im_end|>\n<|im_start|>user\ne<|im_end|>\n<|im_start|>assistant\n",
        "\n<|im_start|>user\ng<|im_end|>\n",
      ])
    let row = #"{"prompt": "a", "completion": "b"}"#
    let chat = try learnt(row) { $0.learnsInputs = true }
    #expect(chat.learnt == [chat.text])
    let raw = try learnt(row) { ($0.learnsInputs, $0.template) = (true, .none) }
    #expect(raw.learnt == ["ab</s>"] && raw.text == "ab</s>")
  }

  @Test("where blocks mark the assistant's words, a turn's block is known by its words")
  func blocks() throws {
    var tokenizer = WordTokenizer()
    tokenizer.chatTemplate =
      "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}"
      + "{% generation %}<|im_end|>{% endgeneration %}{% else %}{{ m.content }}\n{% endif %}{% endfor %}"
    let row = try DatasetFixture(Self.dialogue)
    // The blocks of the turns' ends belong to no turn that could be told.
    #expect(row.error(tokenizer: tokenizer)?.message.contains("do not tell which turn") == true)
    tokenizer.chatTemplate =
      "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}<|im_end|>"
      + "{% endgeneration %}{% else %}{{ m.content }}\n{% endif %}{% endfor %}"
    #expect(tokenizer.learnt(try row.load(tokenizer: tokenizer).samples[0]) == ["b<|im_end|>", "d<|im_end|>"])
  }
}
