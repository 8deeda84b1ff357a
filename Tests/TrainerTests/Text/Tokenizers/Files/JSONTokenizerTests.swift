import Foundation
import Testing

import Trainer

@Suite struct JSONTokenizerTests {
  @Test func aByteOrderMarkIsPassedOver() throws {
    let json = try JSON(tokenizerFile: Data("\u{FEFF}{\"a\": 1}".utf8), path: "test.json")
    #expect(json == ["a": 1])
    #expect(json["a"]?.byteOffset == 9)
  }

  @Test func errorsNameFileAndByte() {
    #expect(
      throws: TokenizerError.malformed(
        path: "test.json", place: "byte 6", problem: "JSON: ',' or '}' was expected")
    ) { try JSON(tokenizerFile: Data("{\"a\":1".utf8), path: "test.json") }
    #expect(throws: TokenizerError.self) { try JSON(tokenizerFile: Data(), path: "test.json") }
  }

  @Test func idsAreNumbersWithoutAFraction() {
    let ids = ([0, .number(7), .number(7.5), -1, .integer(1 << 31), "7", true, .null] as [JSON]).map(\.tokenID)
    #expect(ids == [0, 7, nil, nil, nil, nil, nil, nil])
  }
}
