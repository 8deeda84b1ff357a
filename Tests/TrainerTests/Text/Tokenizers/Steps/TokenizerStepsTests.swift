import Foundation
import TestSupport
import Testing

import Trainer

/// Every step of a `tokenizer.json`, against the ids of Hugging Face's tokenizers.
@Suite struct TokenizerStepsTests {
  private static func golden() throws -> JSON {
    let file = TestData.golden("tokenizers/huggingface.json")
    return try JSON(tokenizerFile: try Data(contentsOf: file), path: file.path)
  }

  /// A document with some members replaced.
  private static func replacing(_ json: JSON, by sections: JSON?) -> JSON {
    var members = json.object?.members.map { ($0.key, $0.value) } ?? []
    for section in sections?.object?.members ?? [] {
      let index = members.firstIndex { $0.0 == section.key }
      let isModel = section.key == "model"
      let value = isModel ? replacing(json["model"] ?? .null, by: section.value) : section.value
      if let index { members[index].1 = value } else { members.append((section.key, value)) }
    }
    return .object(JSONObject(members))
  }

  private static func ids(_ json: JSON?) -> [Int32] { (json?.array ?? []).compactMap(\.tokenID) }

  @Test func everyStepGivesTheReferencesIDs() throws {
    let golden = try Self.golden()
    let texts = (golden["texts"]?.array ?? []).compactMap(\.string)
    let cases = golden["cases"]?.array ?? []
    #expect(texts.count > 50 && cases.count > 40)
    for entry in cases {
      let name = entry["name"]?.string ?? ""
      let base = try #require(golden["bases"]?[entry["base"]?.string ?? ""])
      let document = Self.replacing(base, by: entry["sections"])
      let tokenizer = try TokenizerFixture.load(TokenizerFixture.text(document))
      for (text, expected) in zip(texts, entry["ids"]?.array ?? []) {
        #expect(tokenizer.encode(text) == Self.ids(expected), "\(name): \(text.debugDescription)")
      }
      if name.hasPrefix("template") {
        #expect(tokenizer.encodeWithSpecialTokens("a") == Self.ids(entry["around"]), "\(name)")
      }
    }
  }

  @Test func whatIsWrittenGivesTheSameIDs() throws {
    let golden = try Self.golden()
    let texts = (golden["texts"]?.array ?? []).compactMap(\.string)
    for entry in golden["cases"]?.array ?? [] {
      let base = try #require(golden["bases"]?[entry["base"]?.string ?? ""])
      let read = try TokenizerFixture.load(TokenizerFixture.text(Self.replacing(base, by: entry["sections"])))
      let made = SubwordTokenizer(read.model, special: read.special, chatTemplate: nil, source: .model)
      try TokenizerFixture.withFolder([:]) { folder in
        try writeTokenizer(made, to: folder)
        let again = try loadTokenizer(folder: folder)
        for text in texts {
          #expect(again.encode(text) == read.encode(text), "\(entry["name"]?.string ?? ""): \(text.debugDescription)")
        }
      }
    }
  }

  @Test(
    arguments: [
      // 2^40 letters of one, by the eleventh step more than any sound file makes.
      (sequence(String(repeating: replace("a", "aa"), count: 40)), "normalizer.normalizers[10]"),
      (replace("a", String(repeating: "a", count: 2000)), "normalizer"),
      (
        sequence(
          String(repeating: #"{"type":"Prepend","prepend":"\#(String(repeating: "a", count: 99))"}"#, count: 40)),
        "normalizer.normalizers[10]"
      ),
      (sequence(String(repeating: #"{"type":"NFKC"}"# + replace("ل", "ﷺ"), count: 20)), "normalizer.normalizers[4]"),
      (sequence(String(repeating: #"{"type":"NFC"}"#, count: 40)), "normalizer.normalizers[6]"),
    ])
  func aTextMayNotGrowWithoutBound(_ normalizer: String, _ place: String) throws {
    do {
      _ = try TokenizerFixture.load(TokenizerFixture.byteLevel(normalizer: normalizer))
      Issue.record("loaded")
    } catch let error as TokenizerError {
      #expect(error.description.contains("malformed at \(place): with this step a text may grow"), "\(error)")
      #expect(!error.description.contains("\n"))
    }
  }

  @Test func stepsAreFew() throws {
    let steps = Self.sequence(String(repeating: #"{"type":"Strip"}"#, count: 300))
    #expect(throws: TokenizerError.self) { try TokenizerFixture.load(TokenizerFixture.byteLevel(normalizer: steps)) }
  }

  /// Steps that stand one behind the other, as a list.
  private static func sequence(_ steps: String) -> String {
    #"{"type":"Sequence","normalizers":["# + steps.replacing("}{", with: "},{") + "]}"
  }

  private static func replace(_ pattern: String, _ content: String) -> String {
    #"{"type":"Replace","pattern":{"String":"\#(pattern)"},"content":"\#(content)"}"#
  }

  @Test func mutatedUnigramFilesNeverCrash() throws {
    let golden = try Self.golden()
    let cases = golden["cases"]?.array ?? []
    let entry = try #require(cases.first { $0["name"]?.string == "unigram-always-True" })
    let original = Array(
      TokenizerFixture.text(Self.replacing(try #require(golden["bases"]?["unigram"]), by: entry["sections"])).utf8)
    var generator = SeededGenerator(seed: 8)
    let pieces = ["null", "[]", "{}", "-1", "1e308", "-1e308", "99999999999", "\"\"", "true"]
    var loaded = 0
    for _ in 0..<200 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let position = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[position] = UInt8.random(in: 0x20...0x7E, using: &generator)
        case 1: bytes.removeSubrange(position..<min(bytes.count, position + 3))
        default: bytes.insert(contentsOf: Array((pieces.randomElement(using: &generator) ?? "").utf8), at: position)
        }
      }
      guard let json = try? JSON(tokenizerFile: bytes, path: "mutated"),
        let file = try? TokenizerFile(json, path: "mutated")
      else { continue }
      loaded += 1
      let tokenizer = SubwordTokenizer(file.model, special: SpecialTokens(), chatTemplate: nil, source: .model)
      let ids = tokenizer.encode("The ﬁrst  Fußgänger 今天 <0x41> e\u{301}")
      #expect(ids.allSatisfy { $0 >= 0 && Int($0) < tokenizer.vocabularySize })
    }
    #expect(loaded > 0)
  }
}
