/// The split patterns that published vocabularies carry, each with the scanner that does the same.
enum SplitPattern {
  /// GPT-2's words.
  static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// Llama 3's words, with this quantifier after `\p{N}`.
  static func llama3(_ quantifier: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + quantifier
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// The step that cuts the matches of a pattern out of texts: a scanner where there is one, else the pattern itself.
  /// - Throws: `PatternProblem`.
  static func step(of pattern: String) throws(PatternProblem) -> PreTokenizer {
    if let known = known(pattern) { return known }
    return .split(PatternSplit(pattern: try TextPattern(pattern)))
  }

  /// The step of a `Split` with any behaviour.
  /// - Throws: `PatternProblem`.
  static func step(
    of pattern: String, _ behavior: SplitBehavior, isInverted: Bool
  ) throws(PatternProblem) -> PreTokenizer {
    let known = known(pattern)
    let coversText: Bool
    switch known {
    case .gpt2Words, .llama3Words: coversText = true
    default: coversText = false
    }
    // Where the matches cover every text, "remove what lies between the matches" keeps it all as well.
    if let known, behavior == .isolated || (behavior == .removed && isInverted && coversText) { return known }
    return .split(PatternSplit(pattern: try TextPattern(pattern), behavior: behavior, isInverted: isInverted))
  }

  /// The scanner of a pattern, or nil where there is none.
  private static func known(_ pattern: String) -> PreTokenizer? {
    switch pattern {
    case gpt2, #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: return .gpt2Words
    case llama3("{1,3}"): return .llama3Words(digits: 3)
    case llama3(""), llama3("{1}"): return .llama3Words(digits: 1)
    case llama3("{1,2}"): return .llama3Words(digits: 2)
    case llama3("+"): return .llama3Words(digits: .max)
    case #"\p{N}"#: return .digits(individually: true)
    case #"\p{N}+"#: return .digits(individually: false)
    default: return literals(of: pattern).map { .literals(Literals($0)) }
    }
  }

  /// The texts of a pattern that is nothing but an alternation of literals, the longest first, as those are that
  /// are written here; nil for any other.
  private static func literals(of pattern: String) -> [String]? {
    var literals: [String] = []
    var literal = String.UnicodeScalarView()
    var isEscaped = false
    for scalar in pattern.unicodeScalars {
      if isEscaped {
        // Before a letter or a digit a backslash means something else.
        guard TextPattern.metacharacters.contains(scalar) else { return nil }
        literal.append(scalar)
        isEscaped = false
      } else if scalar == "\\" {
        isEscaped = true
      } else if scalar == "|" {
        literals.append(String(literal))
        literal = .init()
      } else {
        if TextPattern.metacharacters.contains(scalar) { return nil }
        literal.append(scalar)
      }
    }
    literals.append(String(literal))
    // The reference takes the first that fits, we take the longest.
    let isLongestFirst = zip(literals, literals.dropFirst()).allSatisfy { $0.utf8.count >= $1.utf8.count }
    return isEscaped || !isLongestFirst || literals.contains("") ? nil : literals
  }

  /// The pattern of a step, or nil where the step is none of a `Split`.
  static func pattern(of step: PreTokenizer) -> String? {
    switch step {
    case .gpt2Words: return gpt2
    case .literals(let literals): return literals.texts.map(TextPattern.escaped).joined(separator: "|")
    case .llama3Words(.max): return llama3("+")
    case .llama3Words(1): return llama3("")
    case .llama3Words(let digits): return llama3("{1,\(digits)}")
    case .split(let split): return split.pattern.source
    default: return nil
    }
  }
}
