import Foundation

/// A bar on stderr, where that is a terminal; elsewhere nothing.
final class ProgressBar {
  private static let width = 24

  /// Whether a bar can be drawn.
  let isTerminal = isatty(STDERR_FILENO) == 1
  private var isShown = false

  /// Draws the bar over the one before.
  ///
  /// - Parameter text: what stands after the bar.
  func draw(_ label: String, _ done: Int, of total: Int, _ text: String) {
    guard isTerminal else { return }
    let filled = min(done * Self.width / max(total, 1), Self.width)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
    FileHandle.standardError.write(Data("\r\u{1B}[K\(label) \(bar) \(text)".utf8))
    isShown = true
    if done >= total { end() }
  }

  /// Leaves the bar where it is; what follows begins on a line of its own.
  func end() {
    if isShown { FileHandle.standardError.write(Data("\n".utf8)) }
    isShown = false
  }
}
