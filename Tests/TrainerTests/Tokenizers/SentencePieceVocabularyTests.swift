import TestSupport
import Testing

import Trainer

@Suite struct SentencePieceVocabularyTests {
  private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(bytes.count)] + bytes
  }

  private static func piece(_ text: String, score: Float, type: UInt8) -> [UInt8] {
    let bits = score.bitPattern
    let scoreBytes = (0..<4).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) }
    return field(1, field(1, Array(text.utf8)) + [2 << 3 | 5] + scoreBytes + [3 << 3, type])
  }

  private static func model(type: UInt8 = 2, removesSpaces: UInt8 = 0) -> [UInt8] {
    piece("<unk>", score: 0, type: 2) + piece("<s>", score: 0, type: 3) + piece("</s>", score: 0, type: 3)
      + piece("▁", score: -2, type: 1) + piece("a", score: -3, type: 1) + piece("▁a", score: -1, type: 1)
      + field(2, [3 << 3, type]) + field(3, field(1, Array("identity".utf8)) + [3 << 3, 1, 4 << 3, removesSpaces])
  }

  @Test func readsPiecesRolesAndNormalizer() throws {
    let description = try SentencePieceVocabulary.description(Self.model(), path: "tokenizer.model")
    let tokenizer = try loadTokenizer(description: description)
    #expect(tokenizer.encodeWithSpecialTokens("a a") == [1, 5, 5])
    #expect(tokenizer.special == SpecialTokens(bos: 1, eos: [2], unk: 0, addsBOS: true))
  }

  @Test func refusesUnigramsAndJoinedSpaces() {
    for (model, name) in [(Self.model(type: 1), "model_type"), (Self.model(removesSpaces: 1), "whitespaces")] {
      #expect {
        try SentencePieceVocabulary.description(model, path: "tokenizer.model")
      } throws: {
        "\($0)".contains(name)
      }
    }
  }

  @Test func mutatedFilesNeverCrash() {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<500 {
      var bytes = Self.model()
      for _ in 0..<3 {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      bytes.removeLast(Int.random(in: 0..<10, using: &generator))
      guard let description = try? SentencePieceVocabulary.description(bytes, path: "x") else { continue }
      _ = try? loadTokenizer(description: description).encode("a a")
    }
  }
}
