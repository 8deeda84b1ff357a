import Foundation
import Testing

import Trainer

@Suite("Formats of datasets")
struct DatasetFormatTests {
  @Test(
    "the extension says what a file is, in upper case too",
    arguments: [
      ("a.jsonl", "{\"text\": \"ab\"}"), ("a.ndjson", "{\"text\": \"ab\"}"), ("a.JSON", "[{\"text\": \"ab\"}]"),
      ("a.json", "{\"text\": \"ab\"}\n"), ("a.csv", "text\nab\n"), ("a.TSV", "text\tid\nab\t1\n"), ("a.txt", "ab"),
      ("a.b.json.csv", "text\nab\n"),
    ])
  func extensions(_ name: String, _ content: String) throws {
    #expect(try DatasetFixture(content, name: name).texts() == ["ab"])
    #expect(try DatasetFixture("\u{FEFF}" + content, name: name).texts() == ["ab"], "a byte order mark")
  }

  @Test("an unknown extension lists the known ones", arguments: ["a.xlsx", "a", "a.jsonl.zip", "a.gz", ".jsonl"])
  func unknown(_ name: String) throws {
    let error = try #require(try DatasetFixture("{}", name: name).error())
    for known in [".jsonl", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".txt", ".gz", ".zst", "'\(name)'"] {
      #expect(error.message.contains(known), "\(error)")
    }
    #expect(error.exitCode == 65)
  }

  @Test("a compressed file under a plain name, and a plain one under a compressed name")
  func misnamed() throws {
    let gzip = Data([0x1F, 0x8B, 8, 0])
    #expect(try DatasetFixture(gzip, name: "a.jsonl").error()?.message.contains("is gzip") == true)
    #expect(try DatasetFixture("{}", name: "a.jsonl.gz").error()?.message.contains("is not gzip") == true)
    #expect(try DatasetFixture("", name: "a.jsonl.gz").error()?.message.contains("is not gzip") == true)
  }
}
