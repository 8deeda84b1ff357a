import Foundation
import TestSupport
import Testing

import Trainer

@Suite("Zstandard datasets")
struct ZstandardFileTests {
  private static func golden(_ name: String) throws -> Data {
    try Data(contentsOf: TestData.golden("zstandard/" + name))
  }

  private static func fixture(_ content: Data) throws -> DatasetFixture {
    try DatasetFixture(content, name: "rows.jsonl.zst")
  }

  private static let rows = (0..<40).map { "row \($0)" }

  @Test("one frame, several with one to pass over, and a table", arguments: ["rows", "frames"])
  func frames(_ name: String) throws {
    #expect(try Self.fixture(Self.golden(name + ".jsonl.zst")).texts() == Self.rows)
    let table = try DatasetFixture(Self.golden("table.csv.zst"), name: "table.CSV.ZST")
    #expect(try table.texts() == ["a\r\nb", "c"])
  }

  @Test("a file cut anywhere is refused, with the byte at which it ends")
  func truncated() throws {
    let content = try Self.golden("rows.jsonl.zst")
    for count in 4..<content.count {
      let error = try #require(try Self.fixture(content.prefix(count)).error(), "cut to \(count) bytes")
      #expect(error.message.contains("byte \(count)") && error.message.contains("cut short"), "\(error)")
      #expect(error.exitCode == 65)
    }
  }

  @Test("a damaged byte is refused, or changes nothing: the checksum finds the others")
  func damaged() throws {
    let content = try Self.golden("rows.jsonl.zst")
    for index in content.indices {
      var damaged = content
      damaged[index] ^= 0x5A
      let fixture = try Self.fixture(damaged)
      if let error = fixture.error() {
        #expect(error.message.contains("byte") || error.message.contains("not Zstandard"), "\(error)")
      } else {
        #expect(try fixture.texts() == Self.rows)
      }
    }
  }

  @Test("a limit stops a file that would grow beyond it, and a window of 2 GiB is refused")
  func bomb() throws {
    let content = try Self.golden("bomb.jsonl.zst")
    #expect(content.count < 1024)
    #expect(try Self.fixture(content).error()?.message.contains("not JSON") == true)
    do {
      _ = try content.withUnsafeBytes { try ZstandardFile.contents($0, path: "bomb", limit: 1_000_000) }
      Issue.record("decoded beyond the limit")
    } catch let error as DatasetError {
      #expect(error.message.contains("1000000 bytes") && error.message.contains("unzstd"), "\(error)")
    }
    let window = try #require(try Self.fixture(Self.golden("window.jsonl.zst")).error())
    #expect(window.message.contains("128 MiB") && window.message.contains("--long=31"), "\(window)")
  }

  @Test("a Zstandard file under a plain name, and a plain one under Zstandard's")
  func misnamed() throws {
    let error = try DatasetFixture(Self.golden("rows.jsonl.zst"), name: "a.jsonl").error()
    #expect(error?.message.contains("is Zstandard") == true && error?.message.contains(".zst") == true)
    #expect(try Self.fixture(Data("{}".utf8)).error()?.message.contains("is not Zstandard") == true)
    #expect(try Self.fixture(Data()).error()?.message.contains("is not Zstandard") == true)
  }
}
