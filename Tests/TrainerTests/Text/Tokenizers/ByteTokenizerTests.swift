import Testing

import Trainer

@Suite struct ByteTokenizerTests {
  @Test func oneTokenAByte() throws {
    let tokenizer = try ByteTokenizer(vocabularySize: 2048)
    #expect(tokenizer.vocabularySize == 2048)
    #expect(tokenizer.encode("aé") == [0x61, 0xC3, 0xA9])
    #expect(tokenizer.decode([0x61, 0xC3, 0xA9, 257, 2000], skipSpecial: true) == "aé")
    #expect(tokenizer.bytes(of: 0xA9) == [0xA9])
    #expect(tokenizer.bytes(of: 2000) == [])
    #expect(tokenizer.special == SpecialTokens(bos: 256, eos: [257], pad: 258))
  }

  @Test func specialTextIsATokenOnlyWhereItIsMeant() throws {
    let tokenizer = try ByteTokenizer(vocabularySize: 259)
    #expect(tokenizer.encode("a<|eos|>") == [0x61, 257])
    #expect(tokenizer.encodeOrdinary("<|eos|>") == Array("<|eos|>".utf8).map(Int32.init))
    #expect(tokenizer.piece(257) == "<|eos|>")
    #expect(tokenizer.isSpecial(258) && !tokenizer.isSpecial(255))
  }

  @Test func needsRoomForEveryByte() {
    #expect {
      try ByteTokenizer(vocabularySize: 258)
    } throws: {
      "\($0)".contains("258") && "\($0)".contains("259")
    }
  }
}
