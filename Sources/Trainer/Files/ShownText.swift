/// A line of a stranger's text, fit for a terminal: what would move the cursor, colour the screen, turn the writing round
/// or hide in it is spelled out.
package func printable(_ text: String) -> String {
  // Format characters are those that join, hide or turn round what stands beside them.
  spelled(text) { $0.steersTerminal || $0.properties.generalCategory == .format }
}

/// Such text of several lines, or a part of it: line breaks, tabs and what joins letters stay, what steers the terminal is
/// spelled out.
package func printableText(_ text: String) -> String {
  spelled(text) { $0.steersTerminal && $0 != "\n" && $0 != "\t" }
}

/// `text` with some of its characters as Swift would write them in a literal.
private func spelled(_ text: String, where isSpelled: (Unicode.Scalar) -> Bool) -> String {
  var shown = ""
  for scalar in text.unicodeScalars {
    if isSpelled(scalar) {
      shown += scalar.escaped(asASCII: true)
    } else {
      shown.unicodeScalars.append(scalar)
    }
  }
  return shown
}

extension Unicode.Scalar {
  /// True where a terminal obeys the character and does not show it: controls, line separators, and the marks that turn
  /// the direction of writing.
  package var steersTerminal: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: properties.isBidiControl
    }
  }
}

/// A piece of such text that is short enough for an error, on one line.
func excerpt(_ text: String) -> String {
  let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
  return printable(line.count > 60 ? line.prefix(60) + "…" : line)
}

/// Some of a row's keys, as an error shows them.
func listed(_ keys: some Sequence<String>) -> String {
  keys.sorted().prefix(8).map { "\"\(excerpt($0))\"" }.joined(separator: ", ")
}
