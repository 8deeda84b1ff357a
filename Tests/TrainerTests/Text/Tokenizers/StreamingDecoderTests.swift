import TestSupport
import Testing

import Trainer

@Suite struct StreamingDecoderTests {
  private static func parts(_ ids: [Int32], _ tokenizer: any Tokenizer, skipSpecial: Bool = true) -> [String] {
    var decoder = StreamingDecoder(tokenizer, skipSpecial: skipSpecial)
    return ids.map { decoder.append($0) } + [decoder.finish()]
  }

  @Test func neverBreaksACharacter() throws {
    let tokenizer = try ByteTokenizer(vocabularySize: 259)
    #expect(Self.parts(tokenizer.encode("é"), tokenizer) == ["", "é", ""])
    #expect(Self.parts(tokenizer.encode("🦙!"), tokenizer) == ["", "", "", "🦙", "!", ""])
  }

  @Test func whatStaysBrokenIsShownAtTheEnd() throws {
    let tokenizer = try ByteTokenizer(vocabularySize: 259)
    #expect(Self.parts([0xF0, 0x9F], tokenizer) == ["", "", "\u{FFFD}"])
    #expect(Self.parts([0x80, 0x41], tokenizer) == ["\u{FFFD}", "A", ""])
    #expect(Self.parts([0xC3, 0x41], tokenizer) == ["", "\u{FFFD}A", ""])
    #expect(Self.parts([0xFF], tokenizer) == ["\u{FFFD}", ""])
  }

  @Test func theFirstSpaceIsDroppedOnce() throws {
    let tokenizer = try loadTokenizer(description: TokenizerFixture.scored)
    #expect(Self.parts([1, 263, 263], tokenizer) == ["", "ab", " ab", ""])
    #expect(Self.parts([1, 263], tokenizer, skipSpecial: false) == ["<s>", " ab", ""])
  }

  @Test func partsJoinToTheWhole() throws {
    let tokenizer = try ByteTokenizer(vocabularySize: 400)
    var generator = SeededGenerator(seed: 21)
    for _ in 0..<500 {
      let ids = (0..<20).map { _ in Int32.random(in: 60..<320, using: &generator) }
      #expect(Self.parts(ids, tokenizer).joined() == tokenizer.decode(ids, skipSpecial: true))
    }
  }
}
