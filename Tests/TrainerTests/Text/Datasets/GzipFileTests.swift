import Foundation
import TestSupport
import Testing

import Trainer

@Suite("gzip datasets")
struct GzipFileTests {
  private static func golden(_ name: String) throws -> Data {
    try Data(contentsOf: TestData.golden("gzip/" + name))
  }

  private static func fixture(_ content: Data) throws -> DatasetFixture {
    try DatasetFixture(content, name: "rows.jsonl.gz")
  }

  private static let rows = (0..<40).map { "row \($0)" }

  @Test("one member, several with an empty one and zeros behind, and a table", arguments: ["rows", "members"])
  func members(_ name: String) throws {
    #expect(try Self.fixture(Self.golden(name + ".jsonl.gz")).texts() == Self.rows)
    let table = try DatasetFixture(Self.golden("table.csv.gz"), name: "table.CSV.gz")
    #expect(try table.texts() == ["a\r\nb", "c"])
  }

  @Test("a file of many members is read in time that grows as the file does")
  func manyMembers() throws {
    let member = try Self.golden("rows.jsonl.gz")
    let content = (0..<2000).reduce(into: Data()) { content, _ in content += member }
    let decoded = try content.withUnsafeBytes { try GzipFile.contents($0, path: "x") }
    #expect(decoded.count == 2000 * Self.rows.reduce(0) { $0 + $1.utf8.count + #"{"text": ""}"#.utf8.count + 1 })
  }

  @Test("a file cut anywhere is refused, with the byte at which it ends")
  func truncated() throws {
    let content = try Self.golden("rows.jsonl.gz")
    for count in 2..<content.count {
      let error = try #require(try Self.fixture(content.prefix(count)).error(), "cut to \(count) bytes")
      #expect(error.message.contains("byte \(count)") && error.message.contains("cut short"), "\(error)")
      #expect(error.exitCode == 65)
    }
  }

  @Test("a damaged byte is refused or, in a header's idle field, changes nothing; it is never read as other rows")
  func damaged() throws {
    let content = try Self.golden("rows.jsonl.gz")
    var refused = 0
    for index in content.indices {
      var damaged = content
      damaged[index] ^= 0x5A
      let fixture = try Self.fixture(damaged)
      if let error = fixture.error() {
        #expect(error.message.contains("byte") || error.message.contains("not gzip"), "\(error)")
        refused += 1
      } else {
        #expect(try fixture.texts() == Self.rows)
      }
    }
    #expect(refused >= content.count - 6, "only time, level and system of the header are idle")
  }

  @Test("what follows the last member is named with its byte")
  func trailing() throws {
    let content = try Self.golden("rows.jsonl.gz")
    let error = try #require(try Self.fixture(content + Data("garbage".utf8)).error())
    #expect(error.message.contains("byte \(content.count)"), "\(error)")
  }

  @Test("4 KiB cannot become more than deflate's 1,032 times as much, and a limit stops what is larger")
  func bomb() throws {
    let content = try Self.golden("bomb.jsonl.gz")
    #expect(content.count < 4096)
    let decoded = try content.withUnsafeBytes { try GzipFile.contents($0, path: "bomb") }
    #expect(decoded.count == 4_000_000 && decoded.count <= 1032 * content.count)
    #expect(try Self.fixture(content).error()?.message.contains("not JSON") == true)
    do {
      _ = try content.withUnsafeBytes { try GzipFile.contents($0, path: "bomb", limit: 1_000_000) }
      Issue.record("decoded beyond the limit")
    } catch let error as DatasetError {
      #expect(error.message.contains("1000000 bytes") && error.message.contains("gunzip"), "\(error)")
    }
  }
}
