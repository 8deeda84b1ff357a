/// What a `Split` does with the matches of its pattern, named as in `tokenizer.json`.
package enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  /// A stretch of a text: a match, or what lies between two matches.
  struct Stretch {
    var range: Range<Int>
    var isMatch: Bool
  }

  /// The words that some stretches make, which lie side by side and may be empty.
  func words(of stretches: [Stretch]) -> [Range<Int>] {
    switch self {
    case .removed: return stretches.filter { !$0.isMatch }.map(\.range)
    case .isolated: return stretches.map(\.range)
    case .contiguous:
      return Self.joined(stretches) { $0.isMatch == $1?.isMatch }
    case .mergedWithPrevious:
      return Self.joined(stretches) { $0.isMatch && $1.map { !$0.isMatch } ?? false }
    case .mergedWithNext:
      return Self.joined(stretches.reversed()) { $0.isMatch && $1.map { !$0.isMatch } ?? false }.reversed()
    }
  }

  /// Joins a stretch to the word before it where a condition on it and on the stretch before it holds.
  private static func joined(_ stretches: [Stretch], where isJoined: (Stretch, Stretch?) -> Bool) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var previous: Stretch?
    for stretch in stretches {
      if let last = words.last, isJoined(stretch, previous) {
        words[words.count - 1] =
          min(last.lowerBound, stretch.range.lowerBound)..<max(last.upperBound, stretch.range.upperBound)
      } else {
        words.append(stretch.range)
      }
      previous = stretch
    }
    return words
  }
}

/// A cut of texts at the matches of a pattern.
package struct PatternSplit: Sendable, Equatable {
  /// The pattern.
  package var pattern: TextPattern
  package var behavior = SplitBehavior.isolated
  /// True where what lies between the matches counts as matched, and the matches do not.
  package var isInverted = false

  /// The words that each of some words falls into.
  func words(of words: [Range<Int>], in bytes: [UInt8]) -> [Range<Int>] {
    var result: [Range<Int>] = []
    result.reserveCapacity(bytes.count / 4)
    var stretches: [SplitBehavior.Stretch] = []
    var current = 0
    var start = words.first?.lowerBound ?? 0
    func add(_ range: Range<Int>, isMatch: Bool) {
      if behavior == .isolated {
        if !range.isEmpty { result.append(range) }
      } else {
        stretches.append(SplitBehavior.Stretch(range: range, isMatch: isMatch != isInverted))
      }
    }
    func finish() {
      let end = words[current].upperBound
      if start < end { add(start..<end, isMatch: false) }
      result += behavior.words(of: stretches).filter { !$0.isEmpty }
      stretches.removeAll(keepingCapacity: true)
      current += 1
      if current < words.count { start = words[current].lowerBound }
    }
    pattern.forEachMatch(in: words, of: bytes) { index, match in
      while current < index { finish() }
      if start < match.lowerBound { add(start..<match.lowerBound, isMatch: false) }
      add(match, isMatch: true)
      start = match.upperBound
    }
    while current < words.count { finish() }
    return result
  }
}

extension PatternSplit {
  /// `Punctuation`: punctuation, and ASCII's symbols.
  static func punctuation(_ behavior: SplitBehavior) -> PatternSplit {
    PatternSplit(pattern: punctuationMark, behavior: behavior)
  }

  /// `WhitespaceSplit`: what white space parts.
  static let whitespace = PatternSplit(pattern: TextPattern(known: #"\s"#), behavior: .removed)

  /// `Whitespace`: runs of letters, digits, marks and joiners, and runs of anything else but white space.
  static let words = PatternSplit(
    pattern: TextPattern(known: #"[\w\u200c\u200d]+|[^\w\u200c\u200d\s]+"#), behavior: .removed, isInverted: true)

  /// `CharDelimiterSplit`: what a character parts.
  static func delimiter(_ scalar: Unicode.Scalar) -> PatternSplit {
    PatternSplit(pattern: TextPattern(known: TextPattern.escaped(String(scalar))), behavior: .removed)
  }

  private static let punctuationMark = TextPattern(known: #"[\p{P}!-/:-@\[-`{-~]"#)
}
