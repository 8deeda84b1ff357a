import Foundation
import TestSupport
import Testing

import Trainer

@Suite("Arrow files")
struct ArrowFileTests {
  /// Files of pyarrow's, with the rows that it reads beside them.
  private static let goldens =
    ["flat", "extremes", "messages", "nested", "map", "wide", "dialogues"].flatMap { ["\($0)-stream", "\($0)-file"] }
    + ["flat-lz4", "empty", "replaced"]

  private static let files = ColumnFileGolden("arrow") { url throws(FileError) in try ArrowFile(url) }

  @Test("the rows are those that pyarrow reads", arguments: goldens)
  func rows(_ name: String) throws { try Self.files.check(name) }

  @Test("a Feather file of LZ4, as it is written by default")
  func feather() throws {
    #expect(try Self.files.rows(TestData.golden("arrow/messages.feather")) == Self.files.pyarrowRows("messages"))
  }

  @Test("a column is read without the others, whatever their layouts are")
  func columns() throws {
    let expected = try Self.files.pyarrowRows("flat-stream")
    let rows = try Self.files.rows(Self.files.url("flat-stream"), columns: ["long", "text", "none"])
    #expect(rows.allSatisfy { $0.object?.members.map(\.key) == ["text", "long"] })
    #expect(rows.map { $0["long"] } == expected.map { $0["long"] })
    let text = try Self.files.rows(Self.files.url("refused-skipped"), columns: ["text"])
    #expect(text == [["text": "one"], ["text": "two"], ["text": "three"]])
  }

  @Test(
    "a column whose values JSON has not is refused by its name once it is read",
    arguments: [
      ("refused-columns", "date", "dates"), ("refused-columns", "time", "times"),
      ("refused-columns", "timestamp", "timestamps"),
      ("refused-columns", "decimal", "decimals"), ("refused-columns", "bytes", "bytes"),
      ("refused-columns", "fixed", "bytes"),
      ("refused-columns", "image.bytes", "bytes"), ("refused-columns", "keys", "keys"),
      ("refused-skipped", "sparse", "unions"),
      ("refused-skipped", "views", "string_view"), ("refused-skipped", "runs", "run-end"),
      ("refused-skipped", "listed", "list_view"),
    ])
  func unread(_ name: String, _ path: String, _ what: String) throws {
    let column = String(path.prefix { $0 != "." })
    let error = try #require(Self.files.error(Self.files.url(name), columns: ["text", column]))
    #expect(error.kind == .unsupported)
    #expect(error.problem.contains("\"\(path)\"") && error.problem.contains(what), "\(error)")
  }

  @Test("a dictionary that grows, and Feather's first version, are refused by name")
  func refused() throws {
    let delta = try #require(Self.files.error(Self.files.url("refused-delta")))
    #expect(delta.kind == .unsupported && delta.problem.contains("dictionary"), "\(delta)")
    let old = try #require(Self.files.error(TestData.golden("arrow/refused-v1.feather")))
    #expect(old.kind == .unsupported && old.problem.contains("first version"), "\(old)")
  }

  @Test(
    "a file made to harm ends in one line, without the memory or the time that it asks for",
    arguments: [
      ("rows", "cannot hold"), ("zstd", "hold 30"), ("lz4", "cannot hold"), ("row", "more than 4194304 values"),
      ("offset", "from 0 to 700"),
    ])
  func hostile(_ name: String, _ problem: String) throws {
    let error = try #require(Self.files.error(Self.files.url("hostile-\(name)")))
    #expect(error.problem.contains(problem), "\(error)")
  }

  @Test("a file with a footer cut anywhere is refused", arguments: ["messages-file", "flat-lz4"])
  func truncated(_ name: String) throws {
    let content = try Data(contentsOf: Self.files.url(name))
    for count in stride(from: 0, to: content.count, by: 53) {
      let fixture = try DatasetFixture(content.prefix(count), name: "x.arrow")
      #expect(Self.files.error(fixture.file) != nil, "cut to \(count) bytes")
    }
  }

  @Test("a damaged byte ends in one line or is read as rows")
  func damaged() throws {
    for name in ["wide-stream", "nested-stream", "messages-file", "map-stream"] {
      let content = try Data(contentsOf: Self.files.url(name))
      for index in stride(from: 0, to: content.count, by: 41) {
        var damaged = content
        damaged[index] ^= 1 << UInt8(index % 8)
        let fixture = try DatasetFixture(damaged, name: "x.arrow")
        let error = Self.files.error(fixture.file)
        #expect(error.map { !"\($0)".contains("\n") } ?? true)
      }
    }
  }

  @Test("what save_to_disk wrote is a folder of rows; its splits are named where there are several")
  func saved() throws {
    let files = RowFiles(TestData.golden("arrow/saved"))
    #expect(
      try files.resolved().map(\.lastPathComponent) == ["data-00000-of-00002.arrow", "data-00001-of-00002.arrow"])
    let dataset = try Dataset.load(
      name: "saved", files: files, tokenizer: WordTokenizer(), vocabularySize: 2_000_000, sequenceLength: 64)
    let texts = dataset.samples.map { WordTokenizer().decode($0.ids, skipSpecial: true) }
    #expect(texts == (0..<10).map { "\($0) + 1 = \($0 + 1)" })
    #expect(dataset.remarks.passedKeys == ["tags"] && dataset.statistics.rows == 10)
    #expect(dataset.place(of: 5).hasSuffix("data-00001-of-00002.arrow:1"))
    do {
      _ = try RowFiles(TestData.golden("arrow/splits")).resolved()
      Issue.record("took a folder of splits for rows")
    } catch {
      #expect(error.message.contains("splits/test") || error.message.contains("\"train\""), "\(error)")
    }
  }

  @Test("rows are read as those of a .jsonl are, and what is no Arrow file is told apart")
  func dataset() throws {
    let arrow = try DatasetFixture(Data(contentsOf: Self.files.url("prompts-stream")), name: "a.arrow").load()
    let json = try DatasetFixture(Data(contentsOf: TestData.golden("arrow/prompts-stream.jsonl")), name: "a.jsonl")
      .load()
    #expect(arrow.samples == json.samples && arrow.samples.count == 12)
    #expect(arrow.remarks.passedKeys == ["created", "source"])
    let named = try DatasetFixture(Data(contentsOf: Self.files.url("prompts-file")), name: "a.jsonl")
    #expect(named.error()?.message.contains("is Arrow") == true)
    for content in ["", "{}", "ARROW1", "PAR1abcdefgh"] {
      #expect(try DatasetFixture(content, name: "a.arrow").error()?.message.contains("Arrow") == true, "\(content)")
    }
  }
}
