import Testing

import Trainer

@Suite struct ByteAlphabetTests {
  @Test func everyByteHasOneCharacter() {
    #expect(Set(ByteAlphabet.scalars).count == 256)
    for byte in UInt8.min...UInt8.max { #expect(ByteAlphabet.bytes(of: ByteAlphabet.piece(of: [byte])) == [byte]) }
  }

  @Test func knownSpellings() {
    #expect(ByteAlphabet.piece(of: Array(" \n!".utf8)) == "ĠĊ!")
    #expect(ByteAlphabet.piece(of: [0x7F, 0xA0, 0xAD, 0xFF]) == "ġłŃÿ")
    #expect(ByteAlphabet.bytes(of: "a b") == nil)
    #expect(ByteAlphabet.bytes(of: "日") == nil)
  }

  @Test func byteTokens() {
    #expect(ByteToken.piece(of: 0x0A) == "<0x0A>")
    #expect(ByteToken.byte(of: "<0xFE>") == 0xFE)
    #expect(ByteToken.byte(of: "<0x+1>") == nil)
    #expect(ByteToken.byte(of: "<0xGG>") == nil)
    #expect(ByteToken.byte(of: "<s>") == nil)
  }
}
