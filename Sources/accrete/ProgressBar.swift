import Trainer

/// A bar on stderr, where that is a terminal; elsewhere nothing.
final class ProgressBar {
  private static let width = 24

  /// Whether a bar can be drawn.
  let isTerminal = StandardStream.error.isTerminal
  private var isShown = false

  /// Draws the bar over the one before.
  ///
  /// - Parameter text: what stands after the bar.
  func draw(_ label: String, _ done: Int, of total: Int, _ text: String) {
    guard isTerminal else { return }
    let filled = min(done * Self.width / max(total, 1), Self.width)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
    try? StandardStream.error.write("\r\u{1B}[K" + printable("\(label) \(bar) \(text)"))
    isShown = true
    if done >= total { end() }
  }

  /// Leaves the bar where it is; what follows begins on a line of its own.
  func end() {
    if isShown { Console.note("") }
    isShown = false
  }
}
