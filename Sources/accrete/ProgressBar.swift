import Trainer

/// A progress bar on stderr, where that is a terminal; nothing elsewhere.
final class ProgressBar {
  private static let width = 24

  /// True where stderr is a terminal.
  let isTerminal = StandardStream.error.isTerminal
  private var isShown = false

  /// Draws the bar over its last state.
  ///
  /// - Parameter text: the text after the bar.
  func draw(_ label: String, _ done: Int, of total: Int, _ text: String) {
    guard isTerminal else { return }
    let filled = min(done * Self.width / max(total, 1), Self.width)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
    try? StandardStream.error.write("\r\u{1B}[K" + printable("\(label) \(bar) \(text)"))
    isShown = true
    if done >= total { end() }
  }

  /// Leaves the bar as it is, and begins a new line.
  func end() {
    if isShown { Console.note("") }
    isShown = false
  }
}
