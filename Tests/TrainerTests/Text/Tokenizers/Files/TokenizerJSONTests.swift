import Foundation
import Testing

import Trainer

@Suite struct TokenizerJSONTests {
  private static func parse(_ text: String) throws -> TokenizerJSON {
    try TokenizerJSONParser.parse(Array(text.utf8), path: "test.json")
  }

  @Test func readsEveryKindOfValue() throws {
    let json = try Self.parse(#" {"a": [1, -2.5e1, true, false, null], "b": {"c": "x"}, "d": [], "e": {}} "#)
    #expect(json["a"]?.elements == [.number(1), .number(-25), .bool(true), .bool(false), .null])
    #expect(json["b"]?["c"]?.text == "x")
    #expect(json["d"]?.elements == [])
    #expect(json["e"]?.members == [])
    #expect(json["f"] == nil)
  }

  @Test func readsEscapes() throws {
    let json = try Self.parse(#"["\"\\\/\b\f\n\r\t", "\u00e9\u0120", "\ud83e\udd99", "plain é🦙"]"#)
    let texts = json.elements?.compactMap(\.text)
    #expect(texts == ["\"\\/\u{8}\u{C}\n\r\t", "éĠ", "🦙", "plain é🦙"])
  }

  @Test func keepsKeysThatUnicodeHoldsForEqual() throws {
    let json = try Self.parse("{\"\u{E9}\": 1, \"e\u{301}\": 2, \"\u{212B}\": 3, \"\u{C5}\": 4}")
    #expect(json.members?.map { Array($0.key.utf8).count } == [2, 3, 3, 2])
  }

  @Test(
    arguments: [
      "", "{", "[1,", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "tru", "\"abc", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
      "\"\\ud800\\u0041\"", "\"\\u+123\"", "1 2", "--1", "1e999", "\"\u{1}\"", "]", "nul",
    ])
  func refusesWhatIsNoJSON(_ text: String) {
    #expect(throws: TokenizerError.self) { try Self.parse(text) }
  }

  @Test func refusesDepthAndBytesThatAreNoText() {
    #expect(throws: TokenizerError.self) { try Self.parse(String(repeating: "[", count: 100_000)) }
    #expect(throws: TokenizerError.self) {
      try TokenizerJSONParser.parse([0x22, 0xFF, 0x22], path: "test.json")
    }
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let json = TokenizerJSON.object([
      .init("quote\"\\\n\u{1}", .string("é🦙\t")), .init("list", .array([.number(1), .number(0.5), .null])),
      .init("empty", .array([])), .init("flag", .bool(true)), .init("none", .object([])),
    ])
    #expect(try Self.parse(json.serialized()) == json)
    let object = try JSONSerialization.jsonObject(with: Data(json.serialized().utf8)) as? [String: Any]
    #expect(object?.count == 5)
  }
}
