import Trainer

/// A line of a terminal's text, parts of which are marked.
struct StyledLine {
  /// A stretch of text in one style.
  struct Part {
    let text: String
    /// True where the text is underlined and green.
    var isMarked = false
  }

  var parts: [Part]

  init(_ parts: [Part]) { self.parts = parts }

  /// A line without marks.
  init(_ text: String) { parts = [Part(text: text)] }

  /// The line with our own escape sequences around texts whose control characters are escaped: they may come from
  /// strangers.
  var rendered: String {
    parts.map { $0.isMarked ? "\u{1B}[4;32m\(printable($0.text))\u{1B}[0m" : printable($0.text) }.joined()
  }
}
