/// Bound on the length that some normalizers, one after the other, can give to a text: `factor` times its bytes, and
/// `prefix` besides.
///
/// A file may double a text with each of its steps; forty of them would make a million million bytes of one. So the
/// growth is known before any text is read.
struct TextGrowth {
  /// Unicode's forms (11 times) after SentencePiece's map (33 times) are what the longest sound chains come to.
  static let greatestFactor = 1024.0
  /// Each piece of a text between two added tokens gets the prefix again.
  static let greatestPrefix = 1024.0

  /// Problem of steps that are not bounded, for messages.
  static let problem =
    "with this step a text may grow more than \(Int(greatestFactor)) times as long, or begin with more than "
    + "\(Int(greatestPrefix)) bytes of the tokenizer's own"

  private var factor = 1.0
  private var prefix = 0.0

  /// True where both bounds are within the greatest that are allowed.
  var isBounded: Bool { factor <= Self.greatestFactor && prefix <= Self.greatestPrefix }

  /// Adds the next step.
  mutating func add(_ step: Normalizer) {
    if case .prepend(let text) = step { prefix += Double(text.utf8.count) }
    let times = Self.factor(of: step)
    factor *= times
    prefix *= times
  }

  /// The most bytes that a step makes of one, if more than one.
  private static func factor(of step: Normalizer) -> Double {
    switch step {
    case .prepend, .dropLeadingSpaces, .dropTrailingSpaces, .strip: 1
    case .replace(let pattern, let replacement): ratio(replacement.utf8.count, pattern.utf8.count)
    // A match that may be empty stands before each character and at the end.
    case .replaceMatches(let pattern, let replacement):
      pattern.leastLength == 0 ? 2 + 2 * Double(replacement.utf8.count) : ratio(replacement.utf8.count, 1)
    // A run has two spaces at least.
    case .replaceSpaceRuns(let replacement): ratio(replacement.utf8.count, 2)
    // Unicode, UAX #15, table 10: the greatest expansion of each form in UTF-8.
    case .form(.canonicalComposition), .form(.canonicalDecomposition): 3
    case .form(.compatibilityComposition), .form(.compatibilityDecomposition): 11
    // "İ" (2 bytes) becomes "i̇" (3 bytes), and no letter grows more.
    case .lowercase: 1.5
    // A key has one byte at least.
    case .characterMap(let map, _): ratio(map.greatestTextLength, 1)
    }
  }

  private static func ratio(_ made: Int, _ read: Int) -> Double { max(1, Double(made) / Double(max(read, 1))) }
}
