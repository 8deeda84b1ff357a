import Foundation
import Testing

import Trainer

@Suite struct JSONWriterTests {
  private static let value: JSON = [
    "quote\"\\\n\u{1}": "é🦙\t\u{8}\u{C}", "list": [1, .number(8), .number(1e-5), .null], "empty": [], "flag": true,
    "inner": ["none": [:], "e\u{301}": false],
  ]

  private static func text(_ layout: JSONWriter.Layout) -> String {
    String(decoding: JSONWriter.data(value, layout), as: UTF8.self)
  }

  @Test func layouts() {
    #expect(
      Self.text(.compact)
        == #"{"quote\"\\\n\u0001":"é🦙\t\u0008\u000c","list":[1,8.0,1e-05,null],"empty":[],"flag":true,"#
        + #""inner":{"none":{},"e\#u{301}":false}}"#)
    #expect(
      Self.text(.members) == #"""
        {
          "quote\"\\\n\u0001": "é🦙\t\u0008\u000c",
          "list": [1, 8.0, 1e-05, null],
          "empty": [],
          "flag": true,
          "inner": {"none": {}, "e\#u{301}": false}
        }

        """#)
    #expect(
      Self.text(.lines) == #"""
        {
          "quote\"\\\n\u0001": "é🦙\t\u0008\u000c",
          "list": [
            1,
            8.0,
            1e-05,
            null
          ],
          "empty": [],
          "flag": true,
          "inner": {
            "none": {},
            "e\#u{301}": false
          }
        }

        """#)
  }

  @Test func whatIsWrittenIsReadBack() throws {
    for layout in [JSONWriter.Layout.compact, .members, .lines] {
      let data = JSONWriter.data(Self.value, layout)
      #expect(try data.withUnsafeBytes { try JSONParser.parse($0, path: "test.json") } == Self.value)
      #expect((try JSONSerialization.jsonObject(with: data) as? [String: Any])?.count == 5)
    }
  }

  @Test func quotesAsPythonDoes() {
    #expect(JSONWriter.quoted("a\"\\\u{8}\u{C}\n\r\t\u{0}\u{1F}\u{7F}é") == #""a\"\\\b\f\n\r\t\u0000\u001f\#u{7F}é""#)
  }
}
