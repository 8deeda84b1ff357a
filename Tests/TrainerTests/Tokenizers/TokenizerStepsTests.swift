import Foundation
import TestSupport
import Testing

import Trainer

/// Every step of a `tokenizer.json`, against the ids of Hugging Face's tokenizers.
@Suite struct TokenizerStepsTests {
  private static func golden() throws -> TokenizerJSON {
    let file = TestData.golden("tokenizers/huggingface.json")
    return try TokenizerJSONParser.parse(Array(try Data(contentsOf: file)), path: file.path)
  }

  /// A document with some members replaced.
  private static func replacing(_ json: TokenizerJSON, by sections: TokenizerJSON?) -> TokenizerJSON {
    var members = json.members ?? []
    for section in sections?.members ?? [] {
      let index = members.firstIndex { $0.key == section.key }
      let isModel = section.key == "model"
      let value = isModel ? replacing(json["model"] ?? .null, by: section.value) : section.value
      if let index { members[index].value = value } else { members.append(.init(section.key, value)) }
    }
    return .object(members)
  }

  private static func ids(_ json: TokenizerJSON?) -> [Int32] { (json?.elements ?? []).compactMap(\.tokenID) }

  @Test func everyStepGivesTheReferencesIDs() throws {
    let golden = try Self.golden()
    let texts = (golden["texts"]?.elements ?? []).compactMap(\.text)
    let cases = golden["cases"]?.elements ?? []
    #expect(texts.count > 50 && cases.count > 40)
    for entry in cases {
      let name = entry["name"]?.text ?? ""
      let base = try #require(golden["bases"]?[entry["base"]?.text ?? ""])
      let document = Self.replacing(base, by: entry["sections"])
      let tokenizer = try TokenizerFixture.load(document.serialized())
      for (text, expected) in zip(texts, entry["ids"]?.elements ?? []) {
        #expect(tokenizer.encode(text) == Self.ids(expected), "\(name): \(text.debugDescription)")
      }
      if name.hasPrefix("template") {
        #expect(tokenizer.encodeWithSpecialTokens("a") == Self.ids(entry["around"]), "\(name)")
      }
    }
  }

  @Test func whatIsWrittenGivesTheSameIDs() throws {
    let golden = try Self.golden()
    let texts = (golden["texts"]?.elements ?? []).compactMap(\.text)
    for entry in golden["cases"]?.elements ?? [] {
      let base = try #require(golden["bases"]?[entry["base"]?.text ?? ""])
      let read = try TokenizerFixture.load(Self.replacing(base, by: entry["sections"]).serialized())
      let made = SubwordTokenizer(read.model, special: read.special, chatTemplate: nil, source: .model)
      try TokenizerFixture.withFolder([:]) { folder in
        try writeTokenizer(made, to: folder)
        let again = try loadTokenizer(folder: folder)
        for text in texts {
          #expect(again.encode(text) == read.encode(text), "\(entry["name"]?.text ?? ""): \(text.debugDescription)")
        }
      }
    }
  }
}
