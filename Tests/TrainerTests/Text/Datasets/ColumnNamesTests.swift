import Foundation
import TestSupport
import Testing

import Trainer

@Suite("Columns under other names")
struct ColumnNamesTests {
  private static let prompts = "{\"q\": \"ab\", \"a\": \"c\", \"text\": \"not this\", \"prompt\": \"nor this\"}"

  /// A row, the names of its columns, and the text read from it.
  static let renamed: [(String, [String: String], String)] = [
    (prompts, ["prompt": "q", "completion": "a"], "abc"),
    (prompts, ["prompt": "q", "response": "a"], "abc"),
    (prompts, ["text": "a"], "c"),
    (prompts, ["completion": "a"], "nor thisc"),
    (prompts, ["instruction": "q", "output": "a"], "abc"),
    // Two columns that change places, and a key that the file uses for something else.
    ("{\"prompt\": \"ab\", \"completion\": \"c\"}", ["prompt": "completion", "completion": "prompt"], "cab"),
    ("{\"prompt\": \"ab\", \"completion\": \"x\", \"a\": \"c\"}", ["response": "a"], "abc"),
    ("{\"instruction\": \"x\", \"prompt\": \"ab\", \"answer\": \"c\"}", ["completion": "answer"], "abc"),
    ("{\"instruction\": \"ab\", \"context\": \"\", \"output\": \"c\"}", ["input": "context"], "abc"),
    // A nested key is a column under its own, whole name only.
    ("{\"a.b\": \"abc\", \"a\": {\"b\": \"x\"}}", ["text": "a.b"], "abc"),
  ]

  @Test("a key is read from the column that stands for it, and the shape is that of the key", arguments: renamed)
  func rename(_ row: String, _ columns: [String: String], _ text: String) throws {
    #expect(try DatasetFixture(row).texts(columns: ColumnNames(columns)) == [text])
  }

  @Test("turns under another name, and a table's columns")
  func others() throws {
    var tokenizer = WordTokenizer()
    tokenizer.chatTemplate = "{% for m in messages %}{{ m.content }}{% endfor %}"
    let turns = try DatasetFixture(
      "{\"dialog\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\"}]}")
    let dataset = try turns.load(columns: ColumnNames(["messages": "dialog"]), tokenizer: tokenizer)
    #expect(tokenizer.decode(dataset.samples[0].ids, skipSpecial: true) == "ab")
    let table = try DatasetFixture("the question,input_ids\nab,1\n", name: "rows.csv")
    #expect(try table.texts(columns: ColumnNames(["text": "the question"])) == ["ab"])
  }

  @Test("a column that a row lacks is named with the row's line and what it has")
  func absent() throws {
    let columns = try ColumnNames(["prompt": "question", "completion": "answer"])
    let lines = try DatasetFixture("{\"question\": \"a\", \"answer\": \"b\"}\n{\"question\": \"a\", \"anser\": \"b\"}")
    let error = try #require(lines.error(columns: columns))
    #expect(error.place == lines.file.path + ":2")
    for words in ["\"answer\"", "completion", "\"anser\", \"question\""] {
      #expect(error.message.contains(words), "\(error)")
    }
    let table = try DatasetFixture("question,anser\na,b\n", name: "rows.csv")
    #expect(table.error(columns: columns)?.message.contains("\"answer\"") == true)
  }

  @Test("a column that rows may lack must be had by one of them")
  func optional() throws {
    let columns = try ColumnNames(["input": "context"])
    let rows = [
      "{\"instruction\": \"a\", \"output\": \"b\"}", "{\"instruction\": \"a\", \"context\": \"c\", \"output\": \"b\"}",
    ]
    #expect(try DatasetFixture(rows.joined(separator: "\n")).texts(columns: columns) == ["ab", "a\ncb"])
    let fixture = try DatasetFixture("\n" + rows[0] + "\n" + rows[0])
    let error = try #require(fixture.error(columns: columns))
    #expect(error.place == fixture.file.path + ":2" && error.message.contains("\"context\""), "\(error)")
  }

  @Test(
    "GSM8K is read by its own columns", .enabled(if: TestData.isPresent, Comment(rawValue: TestData.absence)))
  func publishedColumns() throws {
    let url = TestData.url("datasets/gsm8k/train.jsonl")
    let dataset = try Dataset.load(
      name: "gsm8k", files: RowFiles(url), columns: ColumnNames(["prompt": "question", "completion": "answer"]),
      tokenizer: WordTokenizer(), vocabularySize: 2_000_000, sequenceLength: 100_000)
    #expect(dataset.samples.count == 7473)
  }

  @Test("a document has no columns")
  func document() throws {
    let fixture = try DatasetFixture("ab", name: "a.txt")
    #expect(try fixture.error(columns: ColumnNames(["text": "body"]))?.message.contains("no columns") == true)
  }
}
