import Foundation
import Testing

import Trainer

@Suite struct CheckpointJSONParserTests {
  private func parse(_ text: String) throws -> CheckpointJSON { try parse(Array(text.utf8)) }

  private func parse(_ bytes: [UInt8]) throws -> CheckpointJSON {
    try bytes.withUnsafeBytes { try CheckpointJSONParser.parse($0, path: "test.json") }
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

  @Test func stringsAreUnescaped() throws {
    #expect(try parse(#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀""#).string == "a\"\\/\u{8}\u{C}\n\r\té😀é😀")
  }

  @Test func anIntegerBeyond64BitsIsAFloat() throws {
    #expect(try parse("18446744073709551616").content == .number(18_446_744_073_709_551_616))
  }

  @Test(arguments: [
    ("", 0, "ends"), ("{", 1, "key"), ("[1,]", 3, "value"), ("{\"a\":1,}", 7, "key"), ("{\"a\" 1}", 5, "':'"),
    ("[1 2]", 3, "','"), ("01", 2, "zero"), ("1.", 2, "digit"), ("1e", 2, "digit"), ("-", 1, "value"),
    ("NaN", 0, "value"), ("Infinity", 0, "value"), ("tru", 3, "true"), ("\"a", 2, "ends"), ("\"\\x\"", 3, "escape"),
    ("\"\\u12g4\"", 5, "hexadecimal"), ("\"\\ud800\"", 7, "surrogate"), ("\"\\ude00\"", 7, "surrogate"),
    ("\"\n\"", 1, "control"), ("1 1", 2, "after"), ("1e999", 5, "range"), ("{\"a\":1,\"a\":2}", 7, "twice"),
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
