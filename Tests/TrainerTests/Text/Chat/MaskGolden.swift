import Foundation
import TestSupport
import Testing

import Trainer

/// Tests/Goldens/templates/masks.json, which masks.py beside it writes with jinja2 and transformers.
struct MaskGolden {
  struct Row {
    let template: String
    let dialogue: String
    /// Hash of the text; nil: jinja2 raised an error.
    let hash: String?
    /// Texts that are learnt; nil: the row is refused.
    let learnt: [String]?
  }

  let rows: [Row]
  private let dialogues: JSONObject

  init() throws {
    let golden = try JSONParser.object(path: TestData.golden("templates/masks.json").path)
    dialogues = try #require(golden["dialogues"]?.object)
    rows = try #require(golden["rows"]?.array).map { row in
      Row(
        template: try #require(row["template"]?.string), dialogue: try #require(row["dialogue"]?.string),
        hash: row["hash"]?.string, learnt: row["learnt"]?.array?.compactMap(\.string))
    }
  }

  /// A dialogue as a row of a dataset gives it.
  func conversation(_ name: String) throws -> Conversation {
    let row = JSONWriter.data(try #require(dialogues[name]), .compact)
    return try #require(try DatasetFixture(String(decoding: row, as: UTF8.self)).conversation())
  }

  /// FNV-1a of a text's UTF-8, in hexadecimal digits.
  static func hash(_ text: String) -> String {
    let value = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
