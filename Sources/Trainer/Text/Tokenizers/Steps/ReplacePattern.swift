/// The patterns of `Replace` normalizers, each with the step that does the same.
enum ReplacePattern {
  private static let spaceRuns = " {2,}"
  private static let leadingSpaces = #"\A +"#
  private static let trailingSpaces = #"[ ▁]+\z"#

  /// The step of a pattern, or nil where the pattern is not known.
  static func step(of pattern: String, content: String) -> Normalizer? {
    switch (pattern, content) {
    case (spaceRuns, _): .replaceSpaceRuns(with: content)
    case (leadingSpaces, ""): .dropLeadingSpaces
    case (trailingSpaces, ""): .dropTrailingSpaces
    default: nil
    }
  }

  /// The pattern and the content of a step, or nil where it has none.
  static func pattern(of step: Normalizer) -> (pattern: String, content: String)? {
    switch step {
    case .replaceSpaceRuns(let content): (spaceRuns, content)
    case .dropLeadingSpaces: (leadingSpaces, "")
    case .dropTrailingSpaces: (trailingSpaces, "")
    default: nil
    }
  }
}
