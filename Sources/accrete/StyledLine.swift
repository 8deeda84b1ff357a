import Trainer

/// A line for a terminal, parts of which stand out.
struct StyledLine {
  /// A part of a line.
  struct Part {
    let text: String
    /// Whether it is underlined and green.
    var isMarked = false
  }

  var parts: [Part]

  init(_ parts: [Part]) { self.parts = parts }

  /// A line of which nothing stands out.
  init(_ text: String) { parts = [Part(text: text)] }

  /// Our own colours around texts that may be a stranger's, in which what steers the terminal is spelled out.
  var rendered: String {
    parts.map { $0.isMarked ? "\u{1B}[4;32m\(printable($0.text))\u{1B}[0m" : printable($0.text) }.joined()
  }
}
