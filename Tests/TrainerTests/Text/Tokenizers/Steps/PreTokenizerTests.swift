import Testing

import Trainer

@Suite struct PreTokenizerTests {
  private static func words(_ text: String, isFirst: Bool = true, _ steps: PreTokenizer...) -> [String] {
    let bytes = Array(text.utf8)
    var result = PreTokenizedText(bytes: bytes, words: [0..<bytes.count])
    for step in steps { step.apply(to: &result, isFirst: isFirst) }
    return result.words.map { String(decoding: result.bytes[$0], as: UTF8.self) }
  }

  private static let gpt2 = PreTokenizer.byteLevel(addsPrefixSpace: false, splitsWords: true)

  @Test func digitsStandApart() {
    #expect(Self.words("a12٣ b", .digits(individually: true)) == ["a", "1", "2", "٣", " b"])
    #expect(Self.words("a12٣ b", .digits(individually: false)) == ["a", "12٣", " b"])
    #expect(Self.words("7", .digits(individually: true)) == ["7"])
  }

  @Test func aSpaceBeforeADigitStaysAlone() {
    #expect(Self.words("  42  ", .digits(individually: true), Self.gpt2) == ["  ", "4", "2", "  "])
  }

  @Test func prefixSpaceOnlyWhereThereIsNone() {
    let prefixing = PreTokenizer.byteLevel(addsPrefixSpace: true, splitsWords: true)
    #expect(Self.words("hi you", prefixing) == [" hi", " you"])
    #expect(Self.words(" hi", prefixing) == [" hi"])
    #expect(Self.words("a1", .digits(individually: true), prefixing) == [" a", " 1"])
  }

  @Test func metaspaceSchemes() {
    #expect(Self.words("a b", .metaspace(.always, splitsWords: true)) == ["▁a", "▁b"])
    #expect(Self.words(" a", .metaspace(.always, splitsWords: false)) == ["▁a"])
    #expect(Self.words("a  b", .metaspace(.never, splitsWords: true)) == ["a", "▁", "▁b"])
    #expect(Self.words("a", isFirst: false, .metaspace(.first, splitsWords: false)) == ["a"])
    #expect(Self.words("a", isFirst: true, .metaspace(.first, splitsWords: false)) == ["▁a"])
  }

  @Test func literalsStandApart() {
    let literals = PreTokenizer.literals(Literals(["<a>", "<a><b>", "-"]))
    #expect(Self.words("x<a><b>-y<a>", literals) == ["x", "<a><b>", "-", "y", "<a>"])
    #expect(Self.words("none", literals) == ["none"])
  }
}
