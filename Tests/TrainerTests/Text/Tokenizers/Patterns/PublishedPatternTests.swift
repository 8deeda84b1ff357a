import Foundation
import TestSupport
import Testing

import Trainer

/// The pre-tokenizers of published models and every other, against the ids of Hugging Face's tokenizers.
@Suite("Published pre-tokenizers")
struct PublishedPatternTests {
  private static let kinds = ["prose", "code", "chat"]

  private static func golden() throws -> JSON {
    let file = TestData.golden("tokenizers/patterns/models.json")
    return try JSON(tokenizerFile: try Data(contentsOf: file), path: file.path)
  }

  /// The vocabulary with the pre-tokenizer of a case.
  private static func tokenizer(_ golden: JSON, _ entry: JSON) throws -> SubwordTokenizer {
    let members = golden["base"]?.object?.members.map { ($0.key, $0.value) } ?? []
    let document = members.map { ($0.0, $0.0 == "pre_tokenizer" ? entry["pre_tokenizer"] ?? .null : $0.1) }
    return try TokenizerFixture.load(TokenizerFixture.text(.object(JSONObject(document))))
  }

  private static func texts(_ values: JSON?) -> [String] { (values?.array ?? []).compactMap(\.string) }

  /// The first `most` hashes of a tokenizer's ids equal a case's.
  private static func expectIDs(_ tokenizer: SubwordTokenizer, _ entry: JSON, most: Int, _ comment: String) throws {
    for kind in kinds + ["fuzz"] {
      let expected = texts(kind == "fuzz" ? entry["fuzz"] : entry["hashes"]?[kind]).prefix(most)
      #expect(!expected.isEmpty)
      let lines = try AwkwardText.lines(kind, 100 * expected.count)
      #expect(AwkwardText.hashes(lines, tokenizer.encode) == Array(expected), "\(comment): \(kind)")
    }
  }

  private static func forEachCase(_ body: (String, JSON, SubwordTokenizer) throws -> Void) throws {
    let golden = try golden()
    let cases = golden["cases"]?.array ?? []
    #expect(cases.count > 40)
    for entry in cases { try body(entry["name"]?.string ?? "", entry, tokenizer(golden, entry)) }
  }

  @Test("give the ids of tokenizers, for four models on 2,000 lines of three texts")
  func ids() throws {
    var longest = 0
    try Self.forEachCase { name, entry, tokenizer in
      let first = try AwkwardText.lines("prose", 1)[0]
      #expect(tokenizer.encode(first) == (entry["first"]?.array ?? []).compactMap(\.tokenID), "\(name)")
      let isLong = Self.texts(entry["hashes"]?["prose"]).count == 20
      try Self.expectIDs(tokenizer, entry, most: isLong ? 20 : 1, name)
      longest += isLong ? 1 : 0
    }
    #expect(longest == 4)
  }

  @Test("are written as they were read")
  func written() throws {
    try Self.forEachCase { name, entry, tokenizer in
      let made = SubwordTokenizer(tokenizer.model, special: tokenizer.special, chatTemplate: nil, source: .model)
      let again = try TokenizerFixture.withFolder([:]) { folder in
        try writeTokenizer(made, to: folder)
        return try loadTokenizer(folder: folder)
      }
      #expect(again.model.preTokenizers == tokenizer.model.preTokenizers, "\(name)")
    }
  }

  @Test("have GGUF's name, by which the ids are the same")
  func names() throws {
    var named = 0
    try Self.forEachCase { name, entry, tokenizer in
      guard let description = try? vocabularyDescription(of: tokenizer) else { return }
      named += 1
      // Llama 3's words, without its way to take whole words.
      #expect(description.pre == (name == "llama-bpe" ? "dbrx" : name))
      try Self.expectIDs(loadTokenizer(description: description), entry, most: 1, name)
    }
    #expect(named == 14)
  }
}
