import Foundation
import Testing

import Trainer

@Suite struct RankedVocabularyTests {
  @Test func readsRanks() throws {
    let pieces = (UInt8.min...UInt8.max).map { [$0] } + [Array("he".utf8), Array("hel".utf8)]
    let lines = pieces.enumerated().map { Data($1).base64EncodedString() + " \($0)\n" }.joined()
    let bytes = Array(lines.utf8)
    #expect(RankedVocabulary.isLikely(bytes))
    #expect(!RankedVocabulary.isLikely([0x0A, 0x05, 0x20, 0x20]))
    let tokenizer = try loadTokenizer(description: RankedVocabulary.description(bytes, path: "tokenizer.model"))
    #expect(tokenizer.encode("hel he") == [257, 32, 256])
    #expect(throws: TokenizerError.self) {
      try RankedVocabulary.description(Array("aGU= 0\naGU= 2\n".utf8), path: "tokenizer.model")
    }
  }
}
