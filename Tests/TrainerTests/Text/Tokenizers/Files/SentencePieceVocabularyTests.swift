import Foundation
import TestSupport
import Testing

import Trainer

@Suite struct SentencePieceVocabularyTests {
  static let models = [
    "bpe-identity-bytes", "bpe-mapped", "unigram-identity-bytes", "unigram-mapped", "unigram-mapped-bytes",
  ]

  private struct Case: Decodable {
    var text: String
    var ids: [Int32]
  }

  private static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: TestData.golden("tokenizers/\(name).model")))
  }

  private static func cases(_ name: String) throws -> [Case] {
    let data = try Data(contentsOf: TestData.golden("tokenizers/sentencepiece.json"))
    return try JSONDecoder().decode([String: [Case]].self, from: data)[name] ?? []
  }

  @Test(arguments: models)
  func awkwardTextsGetSentencePiecesIDs(_ name: String) throws {
    let description = try SentencePieceVocabulary.description(Self.bytes(name), path: name)
    let tokenizer = try loadTokenizer(description: description)
    let cases = try Self.cases(name)
    #expect(cases.count > 40)
    for entry in cases {
      // SentencePiece finds no control in a text, as we where a user wrote it.
      #expect(tokenizer.encodeOrdinary(entry.text) == entry.ids, "\(entry.text.debugDescription)")
    }
  }

  @Test(arguments: models)
  func savedVocabulariesKeepTheirIDs(_ name: String) throws {
    let tokenizer = try loadTokenizer(description: SentencePieceVocabulary.description(Self.bytes(name), path: name))
    try TokenizerFixture.withFolder([:]) { folder in
      try writeTokenizer(tokenizer, to: folder)
      let again = try loadTokenizer(folder: folder)
      #expect(again.special == tokenizer.special)
      // Hugging Face reads a character map cluster by cluster, and its unigram vocabularies spell bytes in a text:
      // what is saved for it does as well.
      for entry in try Self.cases(name) where !entry.text.contains("\u{304}") && !entry.text.contains("<0x41>") {
        let ids = tokenizer.encode(entry.text)
        #expect(again.encode(entry.text) == ids, "\(entry.text.debugDescription)")
        #expect(again.decode(ids, skipSpecial: false) == tokenizer.decode(ids, skipSpecial: false))
      }
    }
  }

  @Test func rolesAndDefaultsAreTheFiles() throws {
    let description = try SentencePieceVocabulary.description(Self.bytes("unigram-mapped-bytes"), path: "x")
    #expect(description.bosTokenID == 1 && description.eosTokenID == 2 && description.padTokenID == 3)
    #expect(description.addSpacePrefix == false && description.removesExtraSpaces)
    let tokenizer = try loadTokenizer(description: description)
    #expect(tokenizer.special == SpecialTokens(bos: 1, eos: [2], pad: 3, unk: 0, addsBOS: true))
    // Pad is -1 by default, which stands for none.
    #expect(try SentencePieceVocabulary.description(Self.bytes("bpe-mapped"), path: "x").padTokenID == nil)
  }

  /// A message of one field: a trainer or a normalizer that holds one number.
  private static func part(_ number: UInt8, _ field: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(field.count)] + field
  }

  @Test func refusesByNameWhatItCannotCut() throws {
    let base = try Self.bytes("bpe-mapped")
    let parts: [(String, [UInt8])] = [
      ("words", [3 << 3, 3]), ("characters", [3 << 3, 4]), ("treat_whitespace_as_suffix", [0xC0, 0x01, 1]),
    ]
    for (name, field) in parts {
      #expect {
        try SentencePieceVocabulary.description(base + Self.part(2, field), path: "models/tokenizer.model")
      } throws: {
        "\($0)".contains(name) && "\($0)".contains("models/tokenizer.model")
      }
    }
    let map = Self.part(3, [2 << 3 | 2, 5, 200, 0, 0, 0, 1])
    #expect {
      try loadTokenizer(description: SentencePieceVocabulary.description(base + map, path: "t.model"))
    } throws: {
      "\($0)".contains("precompiled_charsmap") && "\($0)".contains("t.model")
    }
  }

  @Test func brokenFilesAreNamed() throws {
    let base = try Self.bytes("bpe-mapped")
    for bytes in [Array(base.prefix(100)), [0xFF], base + Self.part(1, [1 << 3 | 2, 1, 0xFF])] {
      #expect {
        try SentencePieceVocabulary.description(bytes, path: "models/tokenizer.model")
      } throws: {
        "\($0)".contains("models/tokenizer.model") && "\($0)".contains("malformed")
      }
    }
  }

  @Test(arguments: models)
  func mutatedFilesNeverCrash(_ name: String) throws {
    let original = try Self.bytes(name)
    var generator = SeededGenerator(seed: 9)
    var loaded = 0
    for _ in 0..<60 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...20, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      guard let description = try? SentencePieceVocabulary.description(bytes, path: "x"),
        let tokenizer = try? loadTokenizer(description: description)
      else { continue }
      loaded += 1
      let ids = tokenizer.encode("Fußgänger ﬁrst  e\u{301} 今天 <sep>\u{1} ｆｕｌｌ")
      #expect(ids.allSatisfy { $0 >= 0 && Int($0) < tokenizer.vocabularySize })
    }
    #expect(loaded > 0)
  }
}
