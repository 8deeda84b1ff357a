import Foundation
import TestSupport
import Testing

import Trainer

@Suite("Parquet datasets")
struct ColumnFileReaderTests {
  private static func fixture(_ name: String, as file: String = "train.parquet") throws -> DatasetFixture {
    try DatasetFixture(Data(contentsOf: TestData.golden("parquet/\(name).parquet")), name: file)
  }

  @Test("rows are read as those of a .jsonl are; columns that no row needs are named, and never decoded")
  func rows() throws {
    let parquet = try Self.fixture("prompts").load()
    let lines = try Data(contentsOf: TestData.golden("parquet/prompts.jsonl"))
    let json = try DatasetFixture(lines, name: "train.jsonl").load()
    #expect(parquet.samples.map(\.ids) == json.samples.map(\.ids) && parquet.samples.count == 12)
    #expect(parquet.samples.map(\.labels) == json.samples.map(\.labels))
    #expect(parquet.samples.map(\.weight) == (0..<12).map { 1 + Float($0 % 2) })
    #expect(parquet.remarks.passedKeys == ["created", "source"])
    #expect(parquet.place(of: 4).hasSuffix("train.parquet:5"))
  }

  @Test("turns are lists of structs, whose keys are null where they say nothing")
  func dialogues() throws {
    var tokenizer = WordTokenizer()
    tokenizer.chatTemplate =
      "{% for m in messages %}<|im_start|>{{ m.role }}:{{ m.content }}<|im_end|>{% endfor %}"
      + "{% if add_generation_prompt %}<|im_start|>assistant:{% endif %}"
    let parquet = try Self.fixture("dialogues").load(tokenizer: tokenizer)
    let lines = try Data(contentsOf: TestData.golden("parquet/dialogues.jsonl"))
    let json = try DatasetFixture(lines, name: "train.jsonl").load(tokenizer: tokenizer)
    #expect(parquet.samples.map(\.ids) == json.samples.map(\.ids) && parquet.samples.count == 12)
    #expect(parquet.samples.map(\.labels) == json.samples.map(\.labels))
    #expect(parquet.remarks.passedKeys == ["score"] && json.remarks.passedKeys == ["score"])
    let split = DatasetSplit(share: 0.75, seed: 1)
    let parts = try [DatasetPart.training(split), .heldOut(split)].map { part in
      try Self.fixture("dialogues").load(part: part, tokenizer: tokenizer).samples.count
    }
    #expect(parts == [9, 3])
  }

  @Test("columns of other names, and a part of the rows")
  func columns() throws {
    let fixture = try Self.fixture("prompts", as: "train.PARQUET")
    #expect(try fixture.load(columns: ColumnNames(["text": "source"])).samples.count == 12)
    let error = try #require(fixture.error(columns: try ColumnNames(["text": "body"])))
    #expect(error.message.contains("\"body\"") && error.message.contains("\"created\""), "\(error)")
  }

  @Test("a column that changes what a row means and cannot be read, and a number that JSON has not")
  func refused() throws {
    let image = try #require(try Self.fixture("refused-columns").error())
    #expect(image.message.contains("\"image.bytes\"") && image.exitCode == 65, "\(image)")
    let number = try #require(try Self.fixture("refused-nan").error())
    #expect(number.message.contains("\"weight\"") && number.message.contains("NaN"), "\(number)")
    #expect(number.place.hasSuffix(":2"))
  }

  @Test("Parquet under another name, another file under Parquet's, and Parquet through gzip")
  func misnamed() throws {
    #expect(try Self.fixture("prompts", as: "a.jsonl").error()?.message.contains("is Parquet") == true)
    #expect(try Self.fixture("prompts", as: "a.parquet.gz").error()?.message.contains("gunzip") == true)
    #expect(try DatasetFixture("{}", name: "a.parquet").error()?.message.contains("begins with PAR1") == true)
    #expect(try Self.fixture("empty").error()?.message.contains("is empty") == true)
  }
}
