/// A pattern that cuts texts as `tokenizers` does with Oniguruma, in time linear in the text.
package struct TextPattern: Sendable, Equatable {
  /// The pattern as it was written.
  package let source: String
  /// The least number of characters that a match has, 0 or 1.
  let leastLength: Int
  private let program: PatternProgram

  /// - Throws: `PatternProblem`, where the pattern is broken, or has what is not offered.
  package init(_ source: String) throws(PatternProblem) {
    let node = try PatternParser.parse(source)
    self.source = source
    program = try PatternCompiler.compile(node)
    leastLength = node.first.mayBeEmpty ? 0 : 1
  }

  /// A pattern of our own, which is sound.
  init(known source: String) {
    do throws(PatternProblem) {
      try self.init(source)
    } catch {
      preconditionFailure("the pattern \(source): \(error.text)")
    }
  }

  /// True where two patterns are the same program, however they are spelled.
  package static func == (first: TextPattern, second: TextPattern) -> Bool { first.program == second.program }

  /// A pattern that matches a text as it stands.
  static func escaped(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if metacharacters.contains(scalar) { escaped.append("\\") }
      escaped.append(scalar)
    }
    return String(escaped)
  }

  /// Characters that stand for themselves only behind a backslash.
  static let metacharacters = #"\|.*+?()[]{}^$"#.unicodeScalars

  /// Calls `body` with the index of each word and its matches in turn.
  package func forEachMatch(in words: [Range<Int>], of bytes: [UInt8], _ body: (Int, Range<Int>) -> Void) {
    bytes.withUnsafeBufferPointer { buffer in
      var matcher = PatternMatcher(program, in: buffer)
      for (index, word) in words.enumerated() {
        matcher.forEachMatch(in: word) { body(index, $0) }
      }
    }
  }
}
