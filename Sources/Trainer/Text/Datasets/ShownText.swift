/// Text of a stranger's file, fit for a terminal: what would move the cursor or colour the screen is spelled out.
package func printable(_ text: String) -> String {
  var shown = ""
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: shown += scalar.escaped(asASCII: true)
    default: shown.unicodeScalars.append(scalar)
    }
  }
  return shown
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
