import Foundation
import Testing

import Trainer

@Suite struct JSONParserTests {
  private func parse(_ text: String) throws -> JSON { try parse(Array(text.utf8)) }

  private func parse(_ bytes: [UInt8]) throws -> JSON {
    try bytes.withUnsafeBytes { try JSONParser.parse($0, path: "test.json") }
  }

  @Test func integersStayApartFromFloatsAndBooleans() throws {
    let object = try #require(try parse(#" {"a": 1, "b": 1.0, "c": true, "d": 1e-05, "e": -0, "f": null} "#).object)
    #expect(object["a"]?.content == .integer(1))
    #expect(object["b"]?.content == .number(1))
    #expect(object["c"]?.content == .bool(true))
    #expect(object["d"]?.content == .number(1e-5))
    #expect(object["e"]?.content == .integer(0))
    #expect(object["f"]?.content == .null)
    #expect(object.members.map(\.key) == ["a", "b", "c", "d", "e", "f"])
    #expect(object["b"]?.byteOffset == 15)
  }

  @Test func everyKindOfValueIsRead() throws {
    let json = try parse(#" {"a": [1, -2.5e1, true, false, null], "b": {"c": "x"}, "d": [], "e": {}} "#)
    #expect(json["a"] == [1, .number(-25), true, false, .null])
    #expect(json["b"]?["c"]?.string == "x")
    #expect(json["d"]?.array == [])
    #expect(json["e"]?.object == JSONObject())
    #expect(json["f"] == nil && json["a"]?["b"] == nil)
    #expect(json["a"]?.array?.compactMap(\.number) == [1, -25])
    #expect(json["a"]?.integers == nil)
  }

  @Test func stringsAreUnescaped() throws {
    #expect(try parse(#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀""#).string == "a\"\\/\u{8}\u{C}\n\r\té😀é😀")
    #expect(try parse(#"["\u0120", "\ud83e\udd99", "plain é🦙"]"#) == ["Ġ", "🦙", "plain é🦙"])
  }

  @Test func keysThatUnicodeTakesForEqualAreApart() throws {
    let object = try #require(parse("{\"\u{E9}\": 1, \"e\u{301}\": 2, \"\u{212B}\": 3, \"\u{C5}\": 4}").object)
    #expect(object.members.map { Array($0.key.utf8).count } == [2, 3, 3, 2])
    #expect(object["\u{E9}"]?.integer == 1 && object["e\u{301}"]?.integer == 2)
    #expect(try parse("[\"\u{E9}\"]") != parse("[\"e\u{301}\"]"))
  }

  @Test func aLargeObjectFindsEachOfItsKeysAndRefusesASecond() throws {
    let text = (0..<3000).map { "\"key \($0)\": \($0)" }.joined(separator: ",")
    let object = try #require(try parse("{\(text)}").object)
    for index in 0..<3000 { #expect(object["key \(index)"]?.integer == index) }
    #expect(object["key 3000"] == nil)
    for key in ["key 0", "key 7", "key 8", "key 2999"] {
      let error = try #require(checkpointError { _ = try parse("{\(text),\"\(key)\":0}") })
      #expect(error.byteOffset == text.utf8.count + 2 && error.problem.contains("twice"), "\(error)")
    }
  }

  @Test func anIntegerBeyond64BitsIsAFloat() throws {
    #expect(try parse("18446744073709551616").content == .number(18_446_744_073_709_551_616))
    #expect(try parse("-9223372036854775808").content == .integer(.min))
  }

  @Test(arguments: [
    ("", 0, "ends"), ("{", 1, "key"), ("[1,", 3, "ends"), ("[1,]", 3, "value"), ("{\"a\":1,}", 7, "key"),
    ("{\"a\" 1}", 5, "':'"), ("{\"a\"}", 4, "':'"), ("{\"a\":}", 5, "value"), ("{a:1}", 1, "key"),
    ("[1 2]", 3, "','"), ("01", 2, "zero"), ("+1", 0, "value"), ("1.", 2, "digit"), ("1e", 2, "digit"),
    ("-", 1, "value"), ("--1", 1, "value"), ("]", 0, "value"), ("NaN", 0, "value"), ("Infinity", 0, "value"),
    ("tru", 3, "true"), ("nul", 3, "null"), ("\"a", 2, "ends"), ("\"\\x\"", 3, "escape"),
    ("\"\\u12g4\"", 5, "hexadecimal"), ("\"\\u12\"", 5, "hexadecimal"), ("\"\\u+123\"", 3, "hexadecimal"),
    ("\"\\ud800\"", 7, "surrogate"), ("\"\\ude00\"", 7, "surrogate"), ("\"\\ud800\\u0041\"", 13, "surrogate"),
    ("\"\n\"", 1, "control"), ("\"\u{1}\"", 1, "control"), ("1 1", 2, "after"), ("1e999", 5, "range"),
    ("{\"a\":1,\"a\":2}", 7, "twice"), ("\u{FEFF}{}", 0, "value"),
  ])
  func whatIsNotJSONIsRefusedAtItsByte(_ text: String, _ byteOffset: Int, _ word: String) throws {
    let error = try #require(checkpointError { _ = try parse(text) })
    #expect(error.byteOffset == byteOffset)
    #expect(error.problem.contains(word), "\(error)")
  }

  @Test func bytesThatAreNotUTF8AreRefused() {
    #expect(checkpointError { _ = try parse([0x22, 0xFF, 0x22]) }?.problem.contains("UTF-8") == true)
    // A surrogate spelled in UTF-8.
    #expect(checkpointError { _ = try parse([0x22, 0xED, 0xA0, 0x80, 0x22]) }?.problem.contains("UTF-8") == true)
  }

  @Test func deepNestingIsRefusedInsteadOfExhaustingTheStack() {
    let deep = String(repeating: "[", count: 1_000_000)
    #expect(checkpointError { _ = try parse(deep) }?.problem.contains("nested") == true)
    #expect(throws: Never.self) { try parse(String(repeating: "[", count: 60) + String(repeating: "]", count: 60)) }
  }
}
