import Testing

import Trainer

@Suite struct NormalizerTests {
  private static func normalized(_ text: String, _ normalizer: Normalizer) -> [UInt8] {
    normalizer.apply(to: Array(text.utf8))
  }

  @Test func composesCharacters() {
    #expect(Self.normalized("e\u{301}", .form(.canonicalComposition)) == [0xC3, 0xA9])
    #expect(Self.normalized("é", .form(.canonicalDecomposition)) == Array("e".utf8) + [0xCC, 0x81])
    #expect(Self.normalized("ﬁ", .form(.compatibilityComposition)) == Array("fi".utf8))
    #expect(Self.normalized("plain", .form(.canonicalComposition)) == Array("plain".utf8))
  }

  @Test func prependsToTextsThatAreNotEmpty() {
    #expect(Self.normalized("a", .prepend("▁")) == Array("▁a".utf8))
    #expect(Self.normalized("", .prepend("▁")) == [])
  }

  @Test func replacesEveryOccurrence() {
    #expect(Self.normalized(" a  b", .replace(" ", with: "▁")) == Array("▁a▁▁b".utf8))
    #expect(Self.normalized("aaa", .replace("aa", with: "b")) == Array("ba".utf8))
    #expect(Self.normalized("a", .replace("", with: "b")) == Array("a".utf8))
    // By bytes, not by what is one character on screen.
    #expect(Self.normalized(" \u{301}", .replace(" ", with: "▁")) == Array("▁".utf8) + [0xCC, 0x81])
  }

  @Test func spacesOfSentencePiece() {
    #expect(Self.normalized(" a   b ", .replaceSpaceRuns(with: "▁")) == Array(" a▁b ".utf8))
    #expect(Self.normalized("  a b", .dropLeadingSpaces) == Array("a b".utf8))
    #expect(Self.normalized("\n a", .dropLeadingSpaces) == Array("\n a".utf8))
    #expect(Self.normalized("a ▁ ▁", .dropTrailingSpaces) == Array("a".utf8))
    #expect(Self.normalized(" ▁", .dropTrailingSpaces) == [])
  }

  @Test func lettersBecomeLowercaseOneByOne() {
    #expect(Self.normalized("ÄB İ ΟΔΟΣ", .lowercase) == Array("äb i\u{307} οδοσ".utf8))
  }

  @Test func stripTakesWhiteSpaceAtTheEndsAlone() {
    #expect(Self.normalized("\t\u{3000}a b\n", .strip(left: true, right: true)) == Array("a b".utf8))
    #expect(Self.normalized(" a ", .strip(left: false, right: true)) == Array(" a".utf8))
    #expect(Self.normalized(" a ", .strip(left: true, right: false)) == Array("a ".utf8))
    #expect(Self.normalized(" \n", .strip(left: true, right: true)) == [])
  }
}
