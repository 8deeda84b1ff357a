import Foundation
import TestSupport
import Testing

import Trainer

/// Tests/Goldens/templates/rows.json, which rows.py beside it writes with jinja2 and transformers.
@Suite("Rows of every form as turns")
struct RowFormsTests {
  private let lines: JSONObject
  private let rows: [JSON]

  init() throws {
    let golden = try JSONParser.object(path: TestData.golden("templates/rows.json").path)
    lines = try #require(golden["lines"]?.object)
    rows = try #require(golden["rows"]?.array)
  }

  static let templates = [
    "chatml", "smollm2", "families/qwen25", "families/smollm3", "families/tagged", "modern/generation",
    "modern/thinking",
  ]

  @Test("text and mask are those of transformers, or of a definition by hand", arguments: templates)
  func masks(_ name: String) throws {
    var tokenizer = WordTokenizer()
    tokenizer.chatTemplate = try TemplateGolden.source(name + ".jinja")
    let rows = rows.filter { $0["template"]?.string == name }
    #expect(rows.count == lines.members.count && rows.count >= 20)
    for row in rows {
      let title = try #require(row["row"]?.string)
      let fixture = try DatasetFixture(try #require(lines[title]?.string))
      guard let learnt = row["learnt"]?.array?.compactMap(\.string) else {
        #expect(fixture.error(tokenizer: tokenizer)?.message.contains("does not read") == true, "\(title)")
        continue
      }
      let sample = try fixture.load(tokenizer: tokenizer, sequenceLength: 4096).samples[0]
      let text = tokenizer.decode(sample.ids, skipSpecial: false)
      #expect(MaskGolden.hash(text) == row["hash"]?.string, "\(title): \(text)")
      #expect(tokenizer.learnt(sample) == learnt, "\(title)")
    }
  }

  @Test("in a list of rows and in a table the same rows say the same")
  func otherFormats() throws {
    let line = try #require(lines["alpaca with history"]?.string)
    let list = try DatasetFixture("[\(line)]", name: "rows.json")
    var tokenizer = WordTokenizer()
    tokenizer.chatTemplate = try TemplateGolden.source("chatml.jinja")
    let one = try DatasetFixture(line).load(tokenizer: tokenizer, sequenceLength: 500)
    #expect(try list.load(tokenizer: tokenizer, sequenceLength: 500).samples == one.samples)
    let table = try DatasetFixture(
      "instruction,input,output,system,history\nAnd now?,,Four.,Count.,"
        + #""[[""One?"", ""Two.""], [""Next?"", ""Three.""]]""# + "\n", name: "rows.csv")
    #expect(try table.load(tokenizer: tokenizer, sequenceLength: 500).samples == one.samples)
  }

  @Test("a system and a history under other names; keys of several shapes leave each row its own")
  func columns() throws {
    var tokenizer = WordTokenizer()
    tokenizer.chatTemplate = try TemplateGolden.source("chatml.jinja")
    let named = try DatasetFixture(#"{"q": "And now?", "a": "Four.", "s": "Count.", "h": [["One?", "Two."]]}"#)
    let plain = try DatasetFixture(
      #"{"prompt": "And now?", "completion": "Four.", "system": "Count.", "history": [["One?", "Two."]]}"#)
    let columns = try ColumnNames(["prompt": "q", "completion": "a", "system": "s", "history": "h"])
    let expected = try plain.load(tokenizer: tokenizer, sequenceLength: 500).samples
    #expect(try named.load(columns: columns, tokenizer: tokenizer, sequenceLength: 500).samples == expected)
    let turns = #""messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#
    let mixed = try DatasetFixture(#"{\#(turns), "s": "c"}"# + "\n" + #"{"prompt": "a", "completion": "b", "s": "c"}"#)
    let both = try mixed.load(columns: ColumnNames(["system": "s"]), tokenizer: tokenizer, sequenceLength: 500).samples
    #expect(both[0] == both[1] && tokenizer.decode(both[0].ids, skipSpecial: true).hasPrefix("system\nc"))
  }

  /// A row, and the words of its refusal.
  static let refused: [(String, String)] = [
    (
      #"{"prompt": "a", "completion": [{"role": "assistant", "content": "b"}]}"#,
      "\"prompt\" is text, but \"completion\""
    ),
    (#"{"prompt": [{"role": "user", "content": "a"}], "completion": "b"}"#, "\"completion\" is text, but \"prompt\""),
    (#"{"prompt": [{"role": "user", "content": "a"}], "completion": []}"#, "\"completion\" is a list, but \"prompt\""),
    (
      #"{"system": "x", "messages": [{"role": "system", "content": "y"}, {"role": "user", "content": "a"}]}"#,
      "\"system\" and the first turn"
    ),
    (#"{"system": 3, "prompt": "a", "completion": "b"}"#, "\"system\" is a number"),
    (#"{"history": "One?", "prompt": "a", "completion": "b"}"#, "\"history\" is text"),
    (#"{"history": [["One?"]], "prompt": "a", "completion": "b"}"#, "\"history\"[0] should be a pair"),
    (
      #"{"conversations": [{"from": "human", "value": "a"}, {"from": "function_call", "value": "f(x)"}]}"#,
      "\"conversations\"[1].\"value\" is no call of a tool (it begins f(x))"
    ),
    (
      #"{"conversations": [{"from": "human", "value": "a"}, {"from": "function_call", "value": "{\"name\": \"f\"}"}]}"#,
      "is no call of a tool"
    ),
  ]

  @Test("forms that are mixed, and keys of another kind, are refused by name", arguments: refused)
  func refuses(_ row: String, _ words: String) throws {
    var tokenizer = WordTokenizer()
    tokenizer.chatTemplate = try TemplateGolden.source("families/qwen25.jinja")
    let error = try #require(DatasetFixture(row).error(tokenizer: tokenizer))
    #expect(error.exitCode == 65 && error.message.contains(words), "\(error)")
  }

  @Test("a tool's turn that the template leaves out is refused: the answer would come from nowhere")
  func leftOut() throws {
    var tokenizer = WordTokenizer()
    tokenizer.chatTemplate =
      "{% for m in messages if m.role in ['user', 'assistant'] %}{{ m.role }}: {{ m.content }}<|im_end|>{% endfor %}"
    let row = { (last: String) in
      #"{"conversations": [{"from": "human", "value": "a"}, {"from": "observation", "value": "\#(last)"}, "#
        + #"{"from": "gpt", "value": "b"}]}"#
    }
    let error = try #require(DatasetFixture(row("3 °C")).error(tokenizer: tokenizer))
    #expect(error.message.contains("leaves out turn 2 of the row, whose role is tool"), "\(error)")
    #expect(try DatasetFixture(row(" ")).error(tokenizer: tokenizer) == nil)
  }
}
