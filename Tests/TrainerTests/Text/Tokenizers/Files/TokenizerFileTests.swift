import Foundation
import TestSupport
import Testing

import Trainer

@Suite struct TokenizerFileTests {
  private static func message(_ document: String) -> String {
    do {
      _ = try TokenizerFixture.load(document)
      return "loaded"
    } catch {
      return "\(error)"
    }
  }

  @Test func refusesByNameWhatWouldChangeIDs() {
    let split = #"{"type":"Split","pattern":{"Regex":"(a)\\1"},"behavior":"Isolated","invert":false}"#
    let documents = [
      "BertNormalizer": TokenizerFixture.byteLevel(normalizer: #"{"type":"BertNormalizer"}"#),
      "Sideways": TokenizerFixture.byteLevel(preTokenizer: #"{"type":"Sideways"}"#),
      #"Split by the pattern (a)\1, which has a back-reference"#: TokenizerFixture.byteLevel(preTokenizer: split),
      "the behavior Doubled": TokenizerFixture.byteLevel(preTokenizer: #"{"type":"Punctuation","behavior":"Doubled"}"#),
      "the property \"Klingon\"": TokenizerFixture.byteLevel(
        normalizer: #"{"type":"Replace","pattern":{"Regex":"\\p{Klingon}"},"content":""}"#),
      "BertProcessing": TokenizerFixture.byteLevel(postProcessor: #"{"type":"BertProcessing"}"#),
      "end_of_word_suffix": TokenizerFixture.byteLevel(model: #""end_of_word_suffix":"</w>","#),
      "dropout": TokenizerFixture.byteLevel().replacingOccurrences(of: "\"dropout\":null", with: "\"dropout\":0.1"),
      "WordPiece": TokenizerFixture.byteLevel().replacingOccurrences(of: "\"BPE\"", with: "\"WordPiece\""),
      "Unigram": TokenizerFixture.byteLevel().replacingOccurrences(of: "\"BPE\"", with: "\"Unigram\""),
      "a step after ByteLevel": TokenizerFixture.byteLevel(
        preTokenizer: #"{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"Metaspace"}]}"#),
    ]
    for (name, document) in documents {
      let message = Self.message(document)
      #expect(message.contains(name) && message.contains("not supported"), "\(name): \(message)")
      #expect(!message.contains("\n"))
    }
  }

  @Test func saysWhereAFileIsBroken() {
    let base = TokenizerFixture.byteLevel()
    let documents = [
      "model.merges[0]": base.replacingOccurrences(of: "\"h e\"", with: "\"h e e\""),
      "model.merges[1]": base.replacingOccurrences(of: "\"l l\"", with: "\"l zz\""),
      "model.vocab": base.replacingOccurrences(of: "\"he\": 256", with: "\"he\": -1"),
      "model.unk_token": TokenizerFixture.byteLevel(model: #""unk_token":"<none>","#),
      "added_tokens": base.replacingOccurrences(of: "\"id\":261", with: "\"id\":2000000000"),
    ]
    for (place, document) in documents {
      let message = Self.message(document)
      #expect(message.contains(place) && message.contains("malformed"), "\(place): \(message)")
    }
    let huge = base.replacingOccurrences(of: "\"he\": 256", with: "\"he\": 2000000000")
    #expect(Self.message(huge).contains("no id below"))
  }

  @Test func mutatedFilesNeverCrash() throws {
    var generator = SeededGenerator(seed: 5)
    let original = Array(TokenizerFixture.byteLevel(postProcessor: #"{"type":"ByteLevel"}"#).utf8)
    let pieces = ["null", "[]", "{}", "-1", "1e400", "99999999999", "\"\"", "\\", "\"type\"", "true"]
    var loaded = 0
    for _ in 0..<150 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let position = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[position] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.removeSubrange(position..<min(bytes.count, position + 12))
        case 2: bytes.insert(contentsOf: Array((pieces.randomElement(using: &generator) ?? "").utf8), at: position)
        default: bytes.removeLast(Int.random(in: 0..<bytes.count / 4, using: &generator))
        }
      }
      guard let json = try? JSON(tokenizerFile: bytes, path: "mutated"),
        let file = try? TokenizerFile(json, path: "mutated")
      else { continue }
      loaded += 1
      let tokenizer = SubwordTokenizer(file.model, special: SpecialTokens(), chatTemplate: nil, source: .model)
      #expect(tokenizer.encode("hello <|end|> 12").allSatisfy { Int($0) < tokenizer.vocabularySize })
    }
    #expect(loaded > 0)
  }

  @Test func valuesOfTheWrongKindNeverCrash() throws {
    let json = try JSON(
      tokenizerFile: Data(
        TokenizerFixture.byteLevel(postProcessor: #"{"type":"TemplateProcessing","single":[]}"#).utf8), path: "x")
    let wrong: [JSON] = [.null, -1, .number(0.5), "x", [.null], ["type": .null]]
    func replaced(_ json: JSON, depth: Int, _ body: (JSON) -> Void) {
      guard depth < 3, let members = json.object?.members, members.count < 20 else { return }
      for (index, member) in members.enumerated() {
        var copy = members.map { ($0.key, $0.value) }
        for value in wrong {
          copy[index].1 = value
          body(.object(JSONObject(copy)))
        }
        replaced(member.value, depth: depth + 1) { inner in
          copy[index].1 = inner
          body(.object(JSONObject(copy)))
        }
      }
    }
    var count = 0
    replaced(json, depth: 0) { document in
      count += 1
      _ = try? TokenizerFile(document, path: "x")
    }
    #expect(count > 50)
  }
}
