import Foundation
import Testing

import Trainer

@Suite("JSON lists of rows")
struct JSONListReaderTests {
  private func fixture(_ text: String) throws -> DatasetFixture { try DatasetFixture(text, name: "rows.json") }

  @Test("rows on one line or on many, with brackets and quotes inside their strings")
  func rows() throws {
    #expect(try fixture(#"[{"text":"a"},{"text":"b"}]"#).texts() == ["a", "b"])
    let pretty = """

      [
        {
          "text": "a ] } , \\" \\\\",
          "meta": {"tags": ["x", {"y": [1, 2]}]}
        },\r
        {"text": "b"}
      ]

      """
    #expect(try fixture(pretty).texts() == ["a ] } , \" \\", "b"])
  }

  /// A file, the place of its fault, and the text that the error must contain.
  static let faults: [(String, String, [String])] = [
    ("[\n{\"text\": \"a\"},\n\n{\"txt\": \"b\"}]", ":4 (row 2)", ["\"txt\""]),
    ("[{\"text\": \"a\"},\n{\"text\": b}\n]", ":2 (row 2)", ["not JSON"]),
    ("[{\"text\": \"a\"},\n7]", ":2 (row 2)", ["no object"]),
    ("[[{\"text\": \"a\"}]]", ":1 (row 1)", ["no object"]),
    ("[{\"text\": \"a\"},\n]", ":2 (row 2)", ["no object"]),
    ("[{\"text\": \"a\"}\n{\"text\": \"b\"}]", ":2 (row 1)", ["a comma or ]"]),
    ("[{\"text\": \"a\"}", ":1 (row 1)", ["cut short"]),
    ("[{\"text\": \"a\"},\n{\"text\": \"b\n\n", ":2 (row 2)", ["no end"]),
    ("[{\"text\": \"a\\", ":1 (row 1)", ["no end"]),
    ("[{\"text\": \"a\"}]\n{}", ":2 (row 1)", ["more text"]),
    ("[", ":1 (row 1)", ["cut short"]),
    ("[{\"text\": \"a\"]}", ":1 (row 1)", ["not JSON"]),
  ]

  @Test("a faulty row is named with its number and its line", arguments: faults)
  func fault(_ text: String, _ place: String, _ says: [String]) throws {
    let fixture = try fixture(text)
    let error = try #require(fixture.error())
    #expect(error.place == fixture.file.path + place, "\(error)")
    for words in says { #expect(error.message.contains(words), "\(error)") }
  }

  @Test("an empty list is an empty dataset; a list in a .jsonl is told its name")
  func empty() throws {
    #expect(try fixture(" [ ] ").error()?.message.contains("is empty") == true)
    #expect(try fixture("[\n]").error()?.message.contains("is empty") == true)
    #expect(try DatasetFixture("[{\"text\": \"a\"}]").error()?.message.contains("is named .json") == true)
  }

  @Test("brackets nested a million deep are refused, not followed")
  func nested() throws {
    let deep = String(repeating: "[", count: 1_000_000)
    #expect(try fixture("[{\"text\":" + deep).error()?.message.contains("no end") == true)
    let closed = "[{\"text\":" + deep + String(repeating: "]", count: 1_000_000) + "}]"
    #expect(try fixture(closed).error()?.message.contains("not JSON") == true)
  }
}
