import Foundation
import Testing

import Trainer

@Suite("Rows that are no JSON")
struct JSONRowFaultTests {
  /// A row, and the text that the error must contain.
  static let faults: [(String, [String])] = [
    ("{\"text\": NaN}", ["byte 9", "NaN", "null"]),
    ("{\"a\": -Infinity}", ["byte 7", "Infinity"]),
    ("{\"text\": \"a\\ud83d b\"}", ["byte 17", "surrogate"]),
    ("{\"text\": \"\\udc00\"}", ["surrogate"]),
    ("{\"text\": \"a\"} {\"text\": \"b\"}", ["second object", "byte 14"]),
    ("{\"text\": \"a\"}{\"text\": \"b\"}", ["second object", "byte 13"]),
    ("{\"text\": \"a\"} x", ["byte 14"]),
    ("{\"text\": \"a", ["byte 11", "ends inside a string", "{\"text\""]),
    ("{\"text\": \"a\tb\"}", ["byte 11", "control character"]),
    ("{'text': 1}", ["byte 1", "a key"]),
  ]

  @Test("what is wrong, at which byte, and what to do", arguments: faults)
  func fault(_ row: String, _ says: [String]) throws {
    let fixture = try DatasetFixture("{\"text\": \"ab\"}\n\(row)\n")
    let error = try #require(fixture.error())
    #expect(error.place == fixture.file.path + ":2")
    for words in says { #expect(error.message.contains(words), "\(error)") }
    #expect(!error.description.contains("\n") && error.exitCode == 65)
  }

  @Test("in a list the byte is the row's, and the place has its number")
  func list() throws {
    let fixture = try DatasetFixture("[{\"text\": \"a\"},\n {\"text\": NaN}]", name: "a.json")
    let error = try #require(fixture.error())
    #expect(error.place == fixture.file.path + ":2 (row 2)" && error.message.contains("byte 9"), "\(error)")
  }
}
