import Foundation
import TestSupport
import Testing

import Trainer

@Suite("Published ids", .enabled(if: TestData.isPresent, "\(TestData.absence)"))
struct SubwordTokenizerDataTests {
  private struct Case: Decodable {
    var text: String
    var ids: [Int32]
  }

  private static func cases(_ name: String) throws -> [Case] {
    let data = try Data(contentsOf: TestData.url("tokenizers/\(name)/cases.json"))
    return try JSONDecoder().decode([Case].self, from: data)
  }

  @Test(arguments: ["gpt2", "smollm2", "llama2-spm", "llama3-bpe"])
  func everyCaseOfAFolder(_ name: String) throws {
    let tokenizer = try loadTokenizer(folder: TestData.url("tokenizers/\(name)"))
    let cases = try Self.cases(name)
    #expect(cases.count >= 20)
    for entry in cases {
      #expect(tokenizer.encode(entry.text) == entry.ids, "\(name): \(entry.text.debugDescription)")
      #expect(tokenizer.decode(entry.ids, skipSpecial: false) == entry.text)
    }
  }

  @Test func everyCaseOfMistral() throws {
    let tokenizer = try loadTokenizer(folder: TestData.url("tokenizers/mistral"))
    let data = try Data(contentsOf: TestData.golden("tokenizers/mistral.json"))
    for entry in try JSONDecoder().decode([Case].self, from: data) {
      #expect(tokenizer.encodeOrdinary(entry.text) == entry.ids, "\(entry.text.debugDescription)")
    }
  }

  @Test func everyCaseOfTheLlamaCFile() throws {
    let file = TestData.url("tokenizers/llama2-spm/tokenizer.bin")
    let tokenizer = try loadTokenizer(llama2c: file, vocabularySize: 32000)
    for entry in try Self.cases("llama2-spm") {
      #expect(tokenizer.encode(entry.text) == entry.ids, "\(entry.text.debugDescription)")
    }
  }

  @Test func storiesGoldenBeginsWithBOS() throws {
    struct Golden: Decodable {
      var text: String
      var ids: [Int32]
    }
    let golden = try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: TestData.url("models/stories260K/golden.json")))
    let tokenizer = try loadTokenizer(folder: TestData.url("models/stories260K"))
    #expect(tokenizer.encodeWithSpecialTokens(golden.text) == golden.ids)
    #expect(tokenizer.decode(golden.ids, skipSpecial: true) == golden.text)
    #expect(tokenizer.vocabularySize == 512)
  }

  @Test func savedVocabulariesGiveTheSameIDs() throws {
    let text = "<s>Once upon  a time, 12 naïve 🦙s\n\tsaid: \"don't!\"</s> "
    for name in ["models/stories260K/tok512.bin", "tokenizers/smollm2/tokenizer.json"] {
      let tokenizer = try loadTokenizer(at: TestData.url(name))
      try TokenizerFixture.withFolder([:]) { folder in
        try writeTokenizer(tokenizer, to: folder)
        let again = try loadTokenizer(folder: folder)
        #expect(again.encode(text) == tokenizer.encode(text))
        #expect(again.special == tokenizer.special)
      }
    }
  }
}

@Suite struct SubwordTokenizerTests {
  @Test func mergesWithinWords() throws {
    let tokenizer = try TokenizerFixture.load(TokenizerFixture.byteLevel())
    #expect(tokenizer.encode("hello hello") == [259, 260])
    #expect(tokenizer.encode("hellhe") == [258, 256])
    #expect(tokenizer.encode("") == [])
    #expect(tokenizer.vocabularySize == 262)
  }

  @Test func specialTextIsATokenOnlyWhereItIsMeant() throws {
    let tokenizer = try TokenizerFixture.load(TokenizerFixture.byteLevel())
    #expect(tokenizer.encode("hello<|end|>hello") == [259, 261, 259])
    let ordinary = tokenizer.encodeOrdinary("hello<|end|>hello")
    #expect(!ordinary.contains(261))
    #expect(tokenizer.decode(ordinary, skipSpecial: true) == "hello<|end|>hello")
    #expect(tokenizer.decode([259, 261], skipSpecial: true) == "hello")
    #expect(tokenizer.decode([259, 261], skipSpecial: false) == "hello<|end|>")
  }

  @Test func anyIDHasAnAnswer() throws {
    let tokenizer = try TokenizerFixture.load(TokenizerFixture.byteLevel())
    for id in [Int32.min, -1, 262, Int32.max] {
      #expect(tokenizer.bytes(of: id) == [])
      #expect(tokenizer.piece(id) == "")
      #expect(tokenizer.decode([id], skipSpecial: true) == "")
    }
    #expect(tokenizer.piece(260) == "Ġhello")
    #expect(tokenizer.bytes(of: 260) == Array(" hello".utf8))
  }

  @Test func wholeWordsGoFirstWhereMergesAreIgnored() throws {
    // "hellohello" is no token; "oh" cannot be merged at all, but as a word it may be taken whole.
    let vocabulary = #","oh":262"#
    let document = TokenizerFixture.byteLevel(model: #""ignore_merges":true,"#)
      .replacingOccurrences(of: "\"Ġhello\": 260", with: "\"Ġhello\": 260" + vocabulary)
    #expect(try TokenizerFixture.load(document).encode("oh") == [262])
  }

  @Test func aByteWithoutATokenVanishes() throws {
    let document = TokenizerFixture.byteLevel().replacingOccurrences(of: "\"x\": 120,", with: "")
    #expect(try TokenizerFixture.load(document).encode("xhex") == [256])
  }

  @Test func scoredPiecesWithFallbackAndLeadingSpace() throws {
    let tokenizer = try loadTokenizer(description: TokenizerFixture.scored)
    #expect(tokenizer.encode("ab") == [263])
    #expect(tokenizer.encode(" ab") == [259, 263])
    // "é" has no piece: its two bytes have tokens at 3 + byte.
    #expect(tokenizer.encode("aé") == [259, 260, 3 + 0xC3, 3 + 0xA9])
    #expect(tokenizer.encode("ab</s>ab") == [263, 2, 263])
    #expect(tokenizer.decode([263, 2, 263], skipSpecial: true) == "ab ab")
    #expect(tokenizer.decode([3 + 0xC3], skipSpecial: true) == "\u{FFFD}")
    #expect(tokenizer.special == SpecialTokens(bos: 1, eos: [2], unk: 0, addsBOS: true))
  }

  @Test func unknownCharactersWithoutByteFallback() throws {
    var model = try loadTokenizer(description: TokenizerFixture.scored).model
    model.alphabet = .characters(byteFallback: false)
    func ids(_ model: SubwordModel) -> [Int32] {
      SubwordTokenizer(model, special: SpecialTokens(), chatTemplate: nil, source: .model).encode("aéüb")
    }
    #expect(ids(model) == [259, 260, 0, 261])
    model.fusesUnknown = false
    #expect(ids(model) == [259, 260, 0, 0, 261])
    model.unknown = nil
    // Without an unknown token they vanish, and their neighbours meet.
    #expect(ids(model) == [263])
  }
}
