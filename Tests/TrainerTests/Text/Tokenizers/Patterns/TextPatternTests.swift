import Foundation
import TestSupport
import Testing

import Trainer

@Suite("Patterns")
struct TextPatternTests {
  private static func cuts(_ pattern: TextPattern, _ text: String) -> [Range<Int>] {
    let bytes = Array(text.utf8)
    var cuts: [Range<Int>] = []
    pattern.forEachMatch(in: [0..<bytes.count], of: bytes) { cuts.append($1) }
    return cuts
  }

  private static func matches(_ pattern: String, _ text: String) throws -> [String] {
    let bytes = Array(text.utf8)
    return cuts(try TextPattern(pattern), text).map { String(decoding: bytes[$0], as: UTF8.self) }
  }

  @Test("match as Oniguruma's in tokenizers, 355 patterns on 100 lines each")
  func peer() throws {
    let data = try Data(contentsOf: TestData.golden("tokenizers/patterns/cuts.json"))
    let goldens = try JSONDecoder().decode([[String]].self, from: data)
    let lines = try AwkwardText.lines("fuzz", 100)
    #expect(goldens.count > 300)
    for golden in goldens {
      let pattern = try TextPattern(golden[0])
      let found = AwkwardText.hashes(lines) { line in
        Self.cuts(pattern, line).filter { !$0.isEmpty }.flatMap { [Int32($0.lowerBound), Int32($0.upperBound)] }
      }
      #expect(found == [golden[1]], "\(golden[0])")
    }
  }

  @Test("take the first alternative, and give back what a later part needs")
  func order() throws {
    #expect(try Self.matches("(a|ab)(c|bcd)(d*)", "abcd") == ["abcd"])
    #expect(try Self.matches(#"\s+(?!\S)|\s+"#, "a   b  ") == ["  ", " ", "  "])
    #expect(try Self.matches("a+?b|a", "aab a") == ["aab", "a"])
    #expect(try Self.matches("a++ab|b", "aab") == ["b"])
    #expect(try Self.matches(#"(?<=\d)x"#, "x1xx") == ["x"])
    #expect(Self.cuts(try TextPattern("(?=b)"), "abb") == [1..<1, 2..<2])
  }

  @Test(
    "take linear time where backtracking takes exponential or quadratic time",
    arguments: [
      "(a+)+$", "(a+)+b", "(a|a)*b", "(a*a*a*a*)b|c", "(?:a+)+(?=b)", "(?:a(?=a*b))+b", "(?>a*b|a)+b", "a*b", "a+?b",
      "(?:a|aa)+b", #"(?:\p{L}+)+\d"#, "(?:(?:a+)+)+b", "(?=(?:a+)+b)a",
    ])
  func bombs(_ pattern: String) throws {
    let pattern = try TextPattern(pattern)
    func seconds(_ count: Int) -> Double {
      let text = Array(repeating: UInt8(ascii: "a"), count: count) + [UInt8(ascii: "!")]
      let time = ContinuousClock().measure {
        pattern.forEachMatch(in: [0..<text.count], of: text) { _, match in #expect(match.isEmpty) }
      }
      return time / .seconds(1)
    }
    // Eight times the text: in quadratic time 64 times as long.
    let short = seconds(4000)
    #expect(seconds(32_000) < 32 * short + 0.5)
  }

  @Test(
    "that are broken or not offered are refused with the place",
    arguments: [
      (#"(a)\1"#, "a back-reference before character 6"), ("(", "a group that is not closed before character 2"),
      (")", "a closing parenthesis"), ("*a", "a count without anything to repeat"), ("[a", "an end in the middle"),
      (#"\p{Klingon}"#, "the property \"Klingon\""), ("(?i)Straße", "without regard to case"),
      ("(?i)ß", "without regard to case"), ("(a*)*", "a repetition of what may be empty"),
      ("(?:a{1000}){1000}", "counts that make more than 20000 steps of it"), ("a{2,1}", "a count of 2…1"),
      ("(?<=a+)b", "a look-behind of varying length"), ("[b-a]", "a range whose end lies before its beginning"),
      (#"\K"#, #"\K before character 3"#), ("(?~a)", "the group (?~"), (#"\xD800"#, ""),
      (#"\uD800"#, "is no character"),
      (String(repeating: "(", count: 200), "groups that nest deeper"),
      (String(repeating: "a", count: 5000), "5000 characters"),
    ] as [(String, String)])
  func refused(_ pattern: String, _ words: String) {
    do throws(PatternProblem) {
      _ = try TextPattern(pattern)
      #expect(words.isEmpty)
    } catch {
      #expect(error.text.contains(words) && !error.text.contains("\n"), "\(error.text)")
    }
  }

  @Test("that are damaged never crash")
  func damaged() {
    let seeds = [
      #"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|\s+(?!\S)"#, #"[\p{Lu}&&[^\p{Han}]]*(?<=a|bc)(?>x+)\b$"#,
      #"a{2,3}?b++[[:alpha:]-z]\x{41}\u0041(?x) c # d"#,
    ].map { Array($0.unicodeScalars) }
    let pieces = Array(#"()[]{}\?*+|^$.,-&:=!<>pPuxibdsRk0123aé "#.unicodeScalars)
    var generator = SeededGenerator(seed: 24)
    var read = 0
    for round in 0..<3000 {
      var scalars = seeds[round % seeds.count]
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<scalars.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: scalars[place] = pieces.randomElement(using: &generator) ?? "a"
        case 1: scalars.insert(pieces.randomElement(using: &generator) ?? "a", at: place)
        default: scalars.removeSubrange(place..<min(scalars.count, place + 3))
        }
        if scalars.isEmpty { scalars = ["a"] }
      }
      guard let pattern = try? TextPattern(String(String.UnicodeScalarView(scalars))) else { continue }
      read += 1
      let text = "The  naïve 'S 123 中文\r\n\u{301}🤖 aab"
      var last = 0
      for cut in Self.cuts(pattern, text) {
        #expect(cut.lowerBound >= last && cut.upperBound <= text.utf8.count)
        last = cut.upperBound
      }
    }
    #expect(read > 300)
  }
}
