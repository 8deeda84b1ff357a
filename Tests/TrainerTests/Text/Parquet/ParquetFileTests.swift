import Foundation
import TestSupport
import Testing

import Trainer

@Suite("Parquet files")
struct ParquetFileTests {
  /// Files of pyarrow's, and one with the lists of older writers; pyarrow's rows lie beside them.
  private static let goldens = [
    "plain-v1", "plain-v2-snappy", "dictionary-v1-snappy", "dictionary-v2-zstd", "fallback-v1-gzip", "delta-v1",
    "delta-v2-gzip", "extremes-plain", "extremes-delta", "extremes-split", "messages-v1-snappy", "messages-v2-zstd",
    "messages-pages", "nested-v1", "nested-v2", "map", "row-groups", "checksums", "empty", "nulls-v1", "nulls-v2",
    "legacy-lists", "dialogues",
  ]

  private static let files = ColumnFileGolden("parquet") { url throws(FileError) in try ParquetFile(url) }

  @Test("the rows are those that pyarrow reads", arguments: goldens)
  func rows(_ name: String) throws { try Self.files.check(name) }

  @Test("a column is read without the others, and those that the file has not are passed over")
  func columns() throws {
    let rows = try Self.files.rows(Self.files.url("plain-v1"), columns: ["long", "text", "none"])
    let expected = try Self.files.pyarrowRows("plain-v1")
    #expect(rows.allSatisfy { $0.object?.members.map(\.key) == ["text", "long"] })
    #expect(rows.map { $0["long"] } == expected.map { $0["long"] })
    #expect(try Self.files.rows(Self.files.url("plain-v1"), columns: []) == [JSON](repeating: [:], count: 40))
  }

  @Test(
    "a column whose values JSON has not is refused by its name once it is read",
    arguments: [
      ("date", "dates"), ("time", "times"), ("timestamp", "timestamps"), ("decimal", "decimals"), ("bytes", "bytes"),
      ("fixed", "bytes"), ("image.bytes", "bytes"), ("keys", "keys"),
    ])
  func unread(_ path: String, _ what: String) throws {
    let column = String(path.prefix { $0 != "." })
    let error = try #require(Self.files.error(Self.files.url("refused-columns"), columns: ["text", column]))
    #expect(error.kind == .unsupported)
    #expect(error.problem.contains("\"\(path)\"") && error.problem.contains(what), "\(error)")
    #expect(
      try Self.files.rows(Self.files.url("refused-columns"), columns: ["text"]) == [["text": "a"], ["text": "b"]])
  }

  @Test("a compression that is not read is refused by its name", arguments: [("brotli", "Brotli"), ("lz4", "LZ4")])
  func compressions(_ name: String, _ shown: String) throws {
    let error = try #require(Self.files.error(Self.files.url("refused-\(name)")))
    #expect(error.kind == .unsupported && error.byteOffset == 4)
    #expect(error.problem.contains("\"text\"") && error.problem.contains(shown), "\(error)")
  }

  @Test(
    "a file made to harm ends in one line, without the memory or the time that it asks for",
    arguments: [
      ("rows", "cannot hold"), ("row", "rows of more than"), ("text", "bytes of text"), ("snappy", "cannot hold"),
      ("zstd", "hold 16 of"), ("more", "hold more than 100 bytes"), ("place", "two columns"), ("depth", "deeper"),
      ("thrift", "deeper"),
    ])
  func hostile(_ name: String, _ problem: String) throws {
    let error = try #require(Self.files.error(Self.files.url("hostile-\(name)")))
    #expect(error.problem.contains(problem), "\(error)")
  }

  @Test("a file cut anywhere is refused", arguments: ["messages-v2-zstd", "plain-v1"])
  func truncated(_ name: String) throws {
    let content = try Data(contentsOf: Self.files.url(name))
    for count in stride(from: 0, to: content.count, by: 37) {
      let fixture = try DatasetFixture(content.prefix(count), name: "x.parquet")
      #expect(Self.files.error(fixture.file) != nil, "cut to \(count) bytes")
    }
  }

  @Test("a damaged byte ends in one line or is read as rows; checksums find it in a page")
  func damaged() throws {
    for name in ["checksums", "delta-v1", "messages-pages", "nested-v1"] {
      let content = try Data(contentsOf: Self.files.url(name))
      for index in stride(from: 0, to: content.count, by: 61) {
        var damaged = content
        damaged[index] ^= 1 << UInt8(index % 8)
        let fixture = try DatasetFixture(damaged, name: "x.parquet")
        let error = Self.files.error(fixture.file)
        #expect(error.map { !"\($0)".contains("\n") } ?? true)
      }
    }
    let content = try Data(contentsOf: Self.files.url("checksums"))
    var found = 0
    for index in stride(from: 4, to: content.count / 2, by: 17) {
      var damaged = content
      damaged[index] ^= 0x40
      let fixture = try DatasetFixture(damaged, name: "x.parquet")
      if Self.files.error(fixture.file)?.problem.contains("checksum") == true { found += 1 }
    }
    #expect(found > content.count / 4 / 17, "most bytes of this half are a page's own")
  }

  @Test("what is no Parquet file, or an encrypted one, is told apart")
  func marks() throws {
    let texts = [
      "": "begins with PAR1", "PAR1": "ends with PAR1", "PAR1xxxxPARE": "encrypted", "{}": "begins with PAR1",
    ]
    for (content, problem) in texts {
      let fixture = try DatasetFixture(content, name: "x.parquet")
      #expect(Self.files.error(fixture.file)?.problem.contains(problem) == true, "\(content)")
    }
    let long = try DatasetFixture("PAR1" + "\u{7F}\u{7F}\u{7F}\u{7F}PAR1", name: "x.parquet")
    #expect(Self.files.error(long.file)?.byteOffset == 4)
  }
}
