import Foundation
import Testing

import Trainer

@Suite("Keys that a row holds beside its shape's")
struct RowKeysTests {
  private static let completion = #""prompt": "a", "completion": "b""#
  private static let alpaca = #""instruction": "a", "output": "b""#
  private static let turns = #""messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#
  private static let shared = #""conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]"#
  private static let ids = #""input_ids": [1, 2, 3], "labels": [-100, 2, 3]"#

  private static var tokenizer: WordTokenizer {
    var tokenizer = WordTokenizer()
    tokenizer.chatTemplate = "{% for m in messages %}{{ m.content }}{% endfor %}"
    return tokenizer
  }

  /// Keys and values that change what a row means, and the key that the error names.
  static let refused: [(String, String)] = [
    (#"\#(turns), "history": [["One?", "Two."]]"#, "history"), (#"\#(completion), "label": false"#, "label"),
    (#"\#(completion), "chosen": "c""#, "chosen"), (#"\#(shared), "documents": [{"text": "d"}]"#, "documents"),
    (#"\#(completion), "rejected": "c""#, "rejected"), (#"\#(completion), "image": "a.png""#, "image"),
    (#"\#(completion), "train": false"#, "train"),
    (#"\#(completion), "tools": [{"type": "function"}]"#, "tools"),
    (#"\#(turns), "functions": [{"name": "f"}]"#, "functions"),
    (#"\#(turns), "chat_template_kwargs": {"thinking": true}"#, "chat_template_kwargs"),
    (#""text": "ab", "train": false"#, "train"), (##""text": "ab", "system": "Linux""##, "system"),
    (##"\##(completion), "input": "x""##, "input"), (#"\#(completion), "loss_weight": 0.5"#, "loss_weight"),
    (#"\#(ids), "attention_mask": [1, 1, 0]"#, "attention_mask"), (#"\#(ids), "loss_mask": [0, 1, 1]"#, "loss_mask"),
    (#"\#(ids), "position_ids": [0, 1, 0]"#, "position_ids"),
  ]

  @Test("one that changes what the row means is refused by file, line and key, with what to do", arguments: refused)
  func refusesRow(_ members: String, _ key: String) throws {
    let fixture = try DatasetFixture("{\"text\": \"ab\"}\n{\(members)}\n")
    let error = try #require(fixture.error(tokenizer: Self.tokenizer))
    #expect(error.place == fixture.file.path + ":2" && error.exitCode == 65)
    #expect(error.message.hasPrefix("\"\(key)\" changes what the row means") && error.message.contains(":"), "\(error)")
  }

  /// Keys and values of the assistant's turn, and the key that the error names.
  static let refusedTurns: [(String, String)] = [
    (#""content": "b", "weight": 0.5"#, "weight"), (#""content": "b", "refusal": "No.""#, "refusal"),
    (##""content": "b", "train": "no""##, "train"), (#""content": "b", "loss": -1"#, "loss"),
    (#""content": "b", "weight": 1, "train": false"#, "train\" and \"weight"),
    (#""content": "b", "training_detail": [{"train": false}]"#, "training_detail"),
    (#""content": "b", "images": ["x"]"#, "images"), (#""content": "b", "masked": true"#, "masked"),
  ]

  @Test("one that changes what a turn means is refused as well, whatever the content", arguments: refusedTurns)
  func refusesTurn(_ members: String, _ key: String) throws {
    let row = #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", \#(members)}]}"#
    let error = try #require(DatasetFixture(row).error(tokenizer: Self.tokenizer))
    #expect(error.message.hasPrefix("\"messages\"[1] has \"\(key)\""), "\(error)")
  }

  @Test("a user's turn that is to be learnt is refused")
  func userTurn() throws {
    let user = #"{"role": "user", "content": "a", "train": true}"#
    let row = #"{"messages": [\#(user), {"role": "assistant", "content": "b"}]}"#
    let error = try #require(DatasetFixture(row).error(tokenizer: Self.tokenizer))
    #expect(error.message.hasPrefix("turn 1 has \"train\": true, but is the user's"), "\(error)")
    #expect(error.message.contains("train_on_inputs"), "\(error)")
    var settings = RowSettings()
    settings.learnsInputs = true
    #expect(try DatasetFixture(row).error(settings: settings, tokenizer: Self.tokenizer) == nil)
  }

  @Test("tools, calls and thinking are refused by the row's line where the template does not ask for them")
  func unread() throws {
    for (members, key) in [
      (#""content": "", "tool_calls": [{"id": "c"}]"#, "tool_calls"),
      (#""content": null, "tool_calls": [{"id": "c"}]"#, "tool_calls"),
      (#""content": "b", "function_call": {"name": "f"}"#, "function_call"),
      (#""content": "b", "reasoning": "hm""#, "reasoning"),
    ] {
      let row = #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", \#(members)}]}"#
      let fixture = try DatasetFixture(row)
      let error = try #require(fixture.error(tokenizer: Self.tokenizer))
      #expect(error.place == fixture.file.path + ":1" && error.message.contains("does not read \"\(key)\""), "\(error)")
    }
    let tools = try DatasetFixture(#"{\#(Self.shared), "tools": "[{\"name\": \"f\"}]"}"#)
    #expect(tools.error(tokenizer: Self.tokenizer)?.message.contains("the row's \"tools\"") == true)
  }

  @Test("ShareGPT's names are roles too; a role that neither the template nor people know is refused")
  func roles() throws {
    let row = { (role: String) in
      #"{"messages": [{"role": "\#(role)", "content": "a"}, {"role": "gpt", "content": "b"}]}"#
    }
    #expect(try DatasetFixture(row("human")).load(tokenizer: Self.tokenizer).samples.count == 1)
    let error = try #require(DatasetFixture(row("nurse")).error(tokenizer: Self.tokenizer))
    #expect(error.message.contains("\"nurse\" of turn 1"), "\(error)")
  }

  @Test("one that says nothing changes nothing")
  func silent() throws {
    let rows = [
      #"{\#(Self.alpaca), "system": "", "history": [], "tools": null, "weight": 1, "train": true}"#,
      #"{\#(Self.completion), "label": true, "images": []}"#, #"{\#(Self.shared), "system": "", "tools": "[]"}"#,
      #"{"messages": [{"role": "user", "content": "a", "weight": 0, "train": false, "tool_calls": null},"#
        + #" {"role": "assistant", "content": "b", "weight": 1, "train": true, "tool_calls": []}]}"#,
      #"{\#(Self.ids), "attention_mask": [1, 1, 1], "position_ids": [0, 1, 2]}"#,
    ]
    let dataset = try DatasetFixture(rows.joined(separator: "\n")).load(tokenizer: Self.tokenizer)
    #expect(dataset.samples.count == 5)
    #expect(dataset.remarks.passedKeys.isEmpty && [dataset].notes.isEmpty)
  }

  @Test("others are passed over and named once a file")
  func passed() throws {
    let rows = [
      #"{\#(Self.completion), "id": 7, "source": "web", "text": "not this"}"#, #"{\#(Self.completion), "id": 8}"#,
      #"{"text": "ab", "title": "Linux"}"#,
      #"{"messages": [{"role": "user", "content": "a", "id": 3}, {"role": "assistant", "content": "b", "name": "x"}]}"#,
    ]
    let dataset = try DatasetFixture(rows.joined(separator: "\n")).load(tokenizer: Self.tokenizer)
    let keys: Set = ["id", "source", "text", "title", "\"messages\"[].id"]
    #expect(dataset.remarks.passedKeys == keys)
    let notes = [dataset, dataset].notes
    #expect(notes.count == 1 && notes[0].hasPrefix(dataset.files.path + ": "), "\(notes)")
  }

  @Test("a table's columns, and those beside named columns, are looked at under their own names")
  func columns() throws {
    let table = try DatasetFixture("instruction,output,documents,id\na,b,,1\na,b,Count.,2\n", name: "rows.csv")
    let error = try #require(table.error())
    #expect(error.place == table.file.path + ":3" && error.message.hasPrefix("\"documents\""), "\(error)")
    let columns = try ColumnNames(["prompt": "q", "completion": "a"])
    let named = try DatasetFixture(#"{"q": "a", "a": "b", "label": false}"#)
    #expect(named.error(columns: columns)?.message.hasPrefix("\"label\"") == true)
    let used = try DatasetFixture(#"{"system": "a", "a": "b", "id": 4}"#)
    let dataset = try used.load(columns: ColumnNames(["prompt": "system", "completion": "a"]))
    #expect(dataset.remarks.passedKeys == ["id"])
  }

  @Test("parts of text are joined; other parts and null are refused by name")
  func contents() throws {
    func row(_ content: String) -> String {
      #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": \#(content)}]}"#
    }
    let parts = try DatasetFixture(row(#"[{"type": "text", "text": "b"}, {"type": "text", "text": " c"}]"#))
    let plain = try DatasetFixture(row(#""b c""#))
    #expect(try parts.load(tokenizer: Self.tokenizer).samples == plain.load(tokenizer: Self.tokenizer).samples)
    for (content, words) in [
      (
        #"[{"type": "text", "text": "b"}, {"type": "image_url", "image_url": {}}]"#,
        "[1] is a part of type \"image_url\""
      ),
      ("null", "\"messages\"[1].\"content\" is null"), ("[]", "is a list"), ("3", "is a number"),
    ] {
      let error = try #require(DatasetFixture(row(content)).error(tokenizer: Self.tokenizer))
      #expect(error.message.contains(words), "\(error)")
    }
  }

  @Test(
    "text in another encoding is told from broken JSON",
    arguments: [
      ("a.jsonl", "{\"text\": \"a\"}\n"), ("a.json", "[{\"text\": \"a\"}]"), ("a.csv", "text\na\n"), ("a.txt", "ab"),
    ])
  func encodings(_ name: String, _ text: String) throws {
    for encoding in [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .utf32] {
      let bytes = try #require(text.data(using: encoding))
      let error = try #require(DatasetFixture(bytes, name: name).error())
      #expect(error.message.contains("is not UTF-8 text") && error.message.contains("iconv -f UTF-"), "\(error)")
    }
    let latin = try #require("{\"text\": \"é\"}".data(using: .isoLatin1))
    let error = try #require(DatasetFixture(latin, name: "a.jsonl").error())
    #expect(error.message.contains("is not UTF-8 text"), "\(error)")
  }

  @Test("a pointer of Git LFS in the place of rows is named")
  func pointer() throws {
    let text = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n"
    #expect(try DatasetFixture(text).error()?.message.contains("Git LFS pointer") == true)
  }
}
