import Foundation
import TestSupport
import Testing

import Trainer

@Suite struct CharacterMapTests {
  /// The map of the goldens' models: NFKC and nmt of the characters in the awkward texts.
  private static func map() throws -> CharacterMap {
    let bytes = Array(try Data(contentsOf: TestData.golden("tokenizers/unigram-mapped.model")))
    let blob = try SentencePieceVocabulary.description(bytes, path: "x").characterMap
    return try #require(CharacterMap(blob))
  }

  private static func mapped(_ text: String, _ reading: CharacterMap.Reading) throws -> String {
    String(decoding: try map().apply(to: Array(text.utf8), as: reading), as: UTF8.self)
  }

  @Test(arguments: [CharacterMap.Reading.longestKey, .clusters])
  func mapsCharacters(_ reading: CharacterMap.Reading) throws {
    #expect(try Self.mapped("ﬁve ｆ①", reading) == "five f1")
    #expect(try Self.mapped("a\tb\u{1}c\u{200B}d", reading) == "a bcd")
    #expect(try Self.mapped("plain 今天 🤖", reading) == "plain 今天 🤖")
    #expect(try Self.mapped("", reading) == "")
  }

  @Test func theLongestKeyCountsForOneAndTheShortestForTheOther() throws {
    // The map holds "o" + diaeresis and that + macron.
    #expect(try Self.mapped("o\u{308}\u{304}", .longestKey).unicodeScalars.elementsEqual("ȫ".unicodeScalars))
    #expect(try Self.mapped("o\u{308}\u{304}", .clusters).unicodeScalars.elementsEqual("ö".unicodeScalars))
  }

  @Test func whatIsKeptIsNotMapped() throws {
    let map = try #require(CharacterMap(try Self.map().blob, keeping: Literals(["ﬁ!"])))
    #expect(String(decoding: map.apply(to: Array("ﬁ!ﬁ".utf8), as: .longestKey), as: UTF8.self) == "ﬁ!fi")
  }

  @Test func refusesATrieThatIsNotThere() {
    for blob in [[], [4, 0, 0], [4, 0, 0, 0], [8, 0, 0, 0, 1, 2, 3, 4], [0, 0, 0, 0], [3, 0, 0, 0, 1, 2, 3]]
      as [[UInt8]]
    {
      #expect(CharacterMap(blob) == nil)
    }
  }

  @Test func brokenMapsNeverCrash() throws {
    var generator = SeededGenerator(seed: 2)
    let original = try Self.map().blob
    for _ in 0..<200 {
      var blob = original
      for _ in 0..<30 {
        blob[Int.random(in: 4..<blob.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      guard let map = CharacterMap(Array(blob.dropLast(Int.random(in: 0...40, using: &generator)))) else { continue }
      for reading in [CharacterMap.Reading.longestKey, .clusters] {
        _ = map.apply(to: Array("ﬁve e\u{301} ｆ① \u{1}\t今天".utf8), as: reading)
      }
    }
  }
}
