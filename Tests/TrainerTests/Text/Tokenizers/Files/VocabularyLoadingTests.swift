import Testing

import Trainer

@Suite struct VocabularyLoadingTests {
  private static func byteLevel(pre: String?) -> VocabularyDescription {
    let bytes = (UInt8.min...UInt8.max).map { ByteAlphabet.piece(of: [$0]) }
    return VocabularyDescription(
      model: "gpt2", pre: pre, tokens: bytes + ["11", "he", "<|end|>"], types: bytes.map { _ in 1 } + [1, 1, 3],
      merges: ["1 1", "h e"], eosTokenID: 258)
  }

  @Test func wordsByTheirName() throws {
    #expect(try loadTokenizer(description: Self.byteLevel(pre: "gpt-2")).encode("11") == [256])
    #expect(try loadTokenizer(description: Self.byteLevel(pre: nil)).encode("11") == [256])
    let one = Int32(UInt8(ascii: "1"))
    #expect(try loadTokenizer(description: Self.byteLevel(pre: "smollm")).encode("11") == [one, one])
    #expect(try loadTokenizer(description: Self.byteLevel(pre: "llama-bpe")).encode("1111") == [256, one, one])
    #expect {
      try loadTokenizer(description: Self.byteLevel(pre: "klingon"))
    } throws: {
      "\($0)".contains("klingon")
    }
  }

  @Test func controlsAreFoundAndByteLevelAddsNoBOS() throws {
    let tokenizer = try loadTokenizer(description: Self.byteLevel(pre: "gpt-2"))
    #expect(tokenizer.encode("he<|end|>") == [257, 258])
    #expect(tokenizer.special == SpecialTokens(eos: [258]))
  }

  @Test func userDefinedTokensSpellSpacesAsTheTextDoes() throws {
    var description = TokenizerFixture.scored
    description.types?[264] = 4
    let tokenizer = try loadTokenizer(description: description)
    #expect(tokenizer.encode("ab  ab") == [263, 264, 263])
    #expect(tokenizer.encodeOrdinary("ab  ab") == [263, 264, 263])
  }

  @Test func refusesWhatDoesNotAddUp() {
    func refused(_ place: String, _ change: (inout VocabularyDescription) -> Void) {
      var description = TokenizerFixture.scored
      change(&description)
      #expect {
        try loadTokenizer(description: description)
      } throws: {
        "\($0)".contains(place)
      }
    }
    refused("scores") { $0.scores?.removeLast() }
    refused("scores") { $0.scores = nil }
    refused("scores[260]") { $0.scores?[260] = .nan }
    refused("token_type") { $0.types = [] }
    refused("bos_token_id") { $0.bosTokenID = 265 }
    refused("eos_token_id") { $0.eosTokenID = -1 }
    refused("bert") { $0.model = "bert" }
    refused("tokens[260]") { $0.tokens[260] = String(repeating: "a", count: 5000) }
    refused("tokens") { $0 = VocabularyDescription(model: "llama", tokens: []) }
    refused("merges") { $0.model = "gpt2" }
    refused("merges[0]") {
      $0.model = "gpt2"
      $0.merges = ["a"]
    }
  }

  @Test func exportAndLoadAgain() throws {
    let text = "ab  é 11 he</s><|end|>"
    let scored = try loadTokenizer(description: TokenizerFixture.scored)
    let document = try TokenizerFixture.load(TokenizerFixture.byteLevel())
    let merged = try loadTokenizer(description: Self.byteLevel(pre: "smollm"))
    for tokenizer in [scored, document, merged] {
      let again = try loadTokenizer(description: vocabularyDescription(of: tokenizer))
      #expect(again.encode(text) == tokenizer.encode(text))
      #expect(again.special == tokenizer.special)
      #expect(again.vocabularySize == tokenizer.vocabularySize)
    }
    let bytes = try ByteTokenizer(vocabularySize: 270)
    #expect(try vocabularyDescription(of: bytes).tokens.count == 270)
  }

  @Test func exportRefusesWordsWithoutAName() throws {
    let document = TokenizerFixture.byteLevel(preTokenizer: #"{"type":"ByteLevel","add_prefix_space":true}"#)
    let tokenizer = try TokenizerFixture.load(document)
    #expect(throws: TokenizerError.self) { try vocabularyDescription(of: tokenizer) }
  }
}
