import Foundation
import Testing

import Trainer

@Suite struct LlamaCVocabularyTests {
  static func file(_ pieces: [(String, Float)], longest: UInt32 = 32) -> [UInt8] {
    func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
    return bytes(longest)
      + pieces.flatMap { piece, score in
        bytes(score.bitPattern) + bytes(UInt32(piece.utf8.count)) + Array(piece.utf8)
      }
  }

  private static let pieces: [(String, Float)] =
    [("<unk>", 0), ("\n<s>\n", 0), ("\n</s>\n", 0)]
    + (UInt8.min...UInt8.max).map { (ByteToken.piece(of: $0), 0) } + [(" ", -3), ("a", -4), (" a", -1)]

  private static func description(_ bytes: [UInt8]) throws -> VocabularyDescription {
    try LlamaCVocabulary.description(FileBytes(bytes, path: "tok.bin"))
  }

  @Test func readsPiecesAndScores() throws {
    let tokenizer = try loadTokenizer(description: Self.description(Self.file(Self.pieces)))
    #expect(tokenizer.encodeWithSpecialTokens("a") == [1, 261])
    #expect(tokenizer.piece(1) == "<s>")
    #expect(tokenizer.piece(261) == "▁a")
    #expect(tokenizer.decode([1, 261, 261], skipSpecial: true) == "a a")
  }

  @Test func refusesEveryCutAndLyingLength() {
    let bytes = Self.file(Self.pieces)
    let ends = Set(0..<60).union([bytes.count - 1, bytes.count - 7])
    for end in ends.sorted() where end != 4 && !Self.isEndOfToken(end) {
      #expect(throws: TokenizerError.self) { try Self.description(Array(bytes[..<end])) }
    }
    var lying = bytes
    lying[8...11] = [0xFF, 0xFF, 0xFF, 0x7F]
    #expect(throws: TokenizerError.self) { try Self.description(lying) }
    #expect(throws: TokenizerError.self) { try Self.description(Self.file(Self.pieces, longest: 3)) }
  }

  /// A file that ends after three or more whole tokens is a shorter vocabulary, not a broken one.
  private static func isEndOfToken(_ end: Int) -> Bool {
    var offset = 4
    for (index, piece) in pieces.enumerated() {
      offset += 8 + piece.0.utf8.count
      if offset == end { return index >= 2 }
    }
    return false
  }

  @Test func refusesAnotherModelsVocabulary() throws {
    try TokenizerFixture.withFolder([:]) { folder in
      let url = folder.appending(path: "tok.bin")
      try Data(Self.file(Self.pieces)).write(to: url)
      #expect(try loadTokenizer(llama2c: url, vocabularySize: 262).vocabularySize == 262)
      #expect(try loadTokenizer(folder: folder).vocabularySize == 262)
      #expect(throws: TokenizerError.self) { try loadTokenizer(llama2c: url, vocabularySize: 512) }
    }
  }
}
