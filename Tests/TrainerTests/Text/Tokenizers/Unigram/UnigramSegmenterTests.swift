import TestSupport
import Testing

import Trainer

@Suite struct UnigramSegmenterTests {
  private static func pieces(_ text: String, _ segmenter: UnigramSegmenter) -> [(id: Int32, range: Range<Int>)] {
    let bytes = Array(text.utf8)
    var pieces: [(Int32, Range<Int>)] = []
    segmenter.forEachPiece(of: 0..<bytes.count, in: bytes) { pieces.append(($0, $1)) }
    return pieces
  }

  /// The greatest sum over every way to cut a text of one-byte characters.
  private static func greatestSum(_ text: [UInt8], _ scores: [[UInt8]: Double], unknown: Double) -> Double {
    if text.isEmpty { return 0 }
    return (1...text.count).compactMap { length in
      let piece = Array(text.prefix(length))
      let score = scores[piece] ?? (length == 1 ? unknown : nil)
      return score.map { $0 + greatestSum(Array(text.dropFirst(length)), scores, unknown: unknown) }
    }.max() ?? -.infinity
  }

  @Test func noOtherCutHasAGreaterSum() {
    var generator = SeededGenerator(seed: 4)
    let letters = Array("abc")
    for _ in 0..<200 {
      let spellings = Set(
        (0..<12).map { _ in
          String(
            (0..<Int.random(in: 1...4, using: &generator)).map { _ in letters.randomElement(using: &generator) ?? "a" })
        }
      ).sorted()
      let scores = spellings.map { _ in Double.random(in: -9 ... -1, using: &generator) }
      let least = scores.min() ?? 0
      let segmenter = UnigramSegmenter(pieces: spellings, scores: scores, leastScore: least, roundsToFloat: false)
      let text = String((0..<9).map { _ in letters.randomElement(using: &generator) ?? "a" })
      let found = Self.pieces(text, segmenter)
      #expect(found.flatMap(\.range) == Array(0..<9))
      let sum = found.reduce(0) { sum, piece in
        sum + (piece.id >= 0 ? scores[Int(piece.id)] : Double(piece.range.count) * (least - 10))
      }
      let table = Dictionary(uniqueKeysWithValues: zip(spellings.map { Array($0.utf8) }, scores))
      #expect(abs(sum - Self.greatestSum(Array(text.utf8), table, unknown: least - 10)) < 1e-9)
    }
  }

  @Test func neighbouringUnknownCharactersAreOneRun() {
    let segmenter = UnigramSegmenter(pieces: ["", "a"], scores: [0, -1], leastScore: -1, roundsToFloat: true)
    let found = Self.pieces("aéüa", segmenter)
    #expect(found.map(\.id) == [1, -1, 1])
    #expect(found.map(\.range) == [0..<1, 1..<5, 5..<6])
    #expect(Self.pieces("", segmenter).isEmpty)
  }

  @Test func ofEqualSumsTheFirstFoundStays() {
    // "ab" is reached by "a" + "b" only after it has been reached whole, and no better.
    let segmenter = UnigramSegmenter(
      pieces: ["a", "b", "ab"], scores: [-1, -1, -2], leastScore: -2, roundsToFloat: false)
    #expect(Self.pieces("ab", segmenter).map(\.id) == [2])
  }
}
