import TestSupport
import Testing

import Trainer

@Suite struct WordScannerTests {
  private static func words(_ text: String, _ wordEnd: (WordScanner, Int) -> Int) -> [String] {
    let bytes = Array(text.utf8)
    let scanner = WordScanner(bytes, end: bytes.count)
    var words: [String] = []
    var start = 0
    while start < bytes.count {
      let end = wordEnd(scanner, start)
      words.append(String(decoding: bytes[start..<end], as: UTF8.self))
      start = end
    }
    return words
  }

  private static func gpt2(_ text: String) -> [String] { words(text) { $0.gpt2WordEnd(from: $1) } }

  private static func llama3(_ text: String, digits: Int = 3) -> [String] {
    words(text) { $0.llama3WordEnd(from: $1, digits: digits) }
  }

  @Test func gpt2Branches() {
    #expect(Self.gpt2("I've told 'em, he'S") == ["I", "'ve", " told", " '", "em", ",", " he", "'", "S"])
    #expect(Self.gpt2("a1 22²b!? c") == ["a", "1", " 22²", "b", "!?", " c"])
    #expect(Self.gpt2("naïve 日本 Ⅷ") == ["naïve", " 日本", " Ⅷ"])
    #expect(Self.gpt2("'") == ["'"])
  }

  @Test func gpt2LeavesTheLastSpaceToTheWord() {
    #expect(Self.gpt2("a   b") == ["a", "  ", " b"])
    #expect(Self.gpt2("a \n\tb") == ["a", " \n", "\t", "b"])
    #expect(Self.gpt2("a  ") == ["a", "  "])
    #expect(Self.gpt2("a\u{3000}b\u{A0}\u{A0}c") == ["a", "\u{3000}", "b", "\u{A0}", "\u{A0}", "c"])
  }

  @Test func llama3Branches() {
    #expect(Self.llama3("I'VE (told) you") == ["I", "'VE", " (", "told", ")", " you"])
    #expect(Self.llama3("(told\tyou\u{A0}so") == ["(told", "\tyou", "\u{A0}so"])
    #expect(Self.llama3("12345 6") == ["123", "45", " ", "6"])
    #expect(Self.llama3("12345", digits: 1) == ["1", "2", "3", "4", "5"])
    #expect(Self.llama3("he'ſ") == ["he", "'ſ"])
  }

  @Test func llama3Newlines() {
    #expect(Self.llama3("a.\n\nb") == ["a", ".\n\n", "b"])
    #expect(Self.llama3("a \n \n  b") == ["a", " \n \n", " ", " b"])
    #expect(Self.llama3("a  \r\n") == ["a", "  \r\n"])
    #expect(Self.llama3("\nword") == ["\n", "word"])
    #expect(Self.llama3("   ") == ["   "])
  }

  @Test func theTextEndsWhereItIsSaidTo() {
    let scanner = WordScanner(Array("abc  d".utf8), end: 5)
    #expect(scanner.gpt2WordEnd(from: 0) == 3)
    #expect(scanner.gpt2WordEnd(from: 3) == 5)
  }

  @Test func everyTextIsCoveredOnce() {
    var generator = SeededGenerator(seed: 7)
    let alphabet = [
      "a", "Z", "é", "1", "²", " ", "\n", "\r", "\t", "'", "s", "l", "!", "日", "🦙", "\u{301}", "\u{3000}",
    ]
    for _ in 0..<500 {
      let text = (0..<12).map { _ in alphabet.randomElement(using: &generator) ?? "" }.joined()
      #expect(Self.gpt2(text).joined().utf8.elementsEqual(text.utf8))
      #expect(Self.llama3(text).joined().utf8.elementsEqual(text.utf8))
      #expect(!Self.gpt2(text).contains(""))
    }
  }
}
