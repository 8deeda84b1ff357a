import Foundation
import Testing

import Trainer

@Suite("Texts in other encodings")
struct ForeignEncodingTests {
  private static func data(_ text: String, _ encoding: String.Encoding) throws -> Data {
    try #require(text.data(using: encoding))
  }

  private static let row = "{\"prompt\": \"ab\", \"completion\": \"cd\"}\n"

  @Test(
    "UTF-16 and UTF-32 are named, with the command that converts them, in every text format",
    arguments: [
      ("UTF-16", String.Encoding.utf16), ("UTF-16LE", .utf16LittleEndian), ("UTF-16BE", .utf16BigEndian),
      ("UTF-32LE", .utf32LittleEndian), ("UTF-32BE", .utf32BigEndian),
    ])
  func wide(_ name: String, _ encoding: String.Encoding) throws {
    for (file, content) in [
      ("a.jsonl", Self.row), ("a.json", "[" + Self.row + "]"), ("a.csv", "prompt,completion\na,b\n"), ("a.txt", "abc"),
    ] {
      let error = try #require(try DatasetFixture(Self.data(content, encoding), name: file).error())
      #expect(error.message.contains("iconv -f \(name) -t UTF-8"), "\(file): \(error)")
      #expect(error.exitCode == 65 && error.place.hasSuffix(file))
    }
  }

  @Test("Latin-1 and Windows-1252 are named with the byte and the place, not taken for bad JSON")
  func narrow() throws {
    for (file, content, place) in [
      ("a.jsonl", Self.row + "{\"text\": \"caf\u{E9}\"}\n", ":2"),
      ("a.json", "[" + Self.row + ",{\"text\": \"\u{E9}\"}]", ":2 (row 2)"),
      ("a.csv", "text\na\n\u{E9}t\u{E9}\n", ":3"), ("a.txt", "caf\u{E9}", ""),
    ] {
      let fixture = try DatasetFixture(Self.data(content, .isoLatin1), name: file)
      let error = try #require(fixture.error())
      #expect(error.place == fixture.file.path + place, "\(error)")
      #expect(error.message.contains("0xE9") && error.message.contains("iconv -f LATIN1"), "\(error)")
    }
    let quotes = try DatasetFixture(
      Data("{\"text\": \"".utf8) + Data([0x93, 0xE9, 0x94]) + Data("\"}".utf8), name: "a.jsonl")
    let error = try #require(quotes.error())
    #expect(error.message.contains("byte 10 of the row is 0x93") && error.message.contains("WINDOWS-1252"), "\(error)")
  }
}
