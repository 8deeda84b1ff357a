import Trainer

/// A model's answer on its way to stdout, piece by piece; it remembers that it could not be written.
final class AnswerStream {
  private var failure: UnwritableStream?

  /// Writes a piece; false where it, or one before it, could not be written: nobody waits for the rest.
  func write(_ text: String) -> Bool {
    guard failure == nil else { return false }
    do throws(UnwritableStream) {
      try Console.answer(text)
      return true
    } catch {
      failure = error
      return false
    }
  }

  /// Ends the answer with a last piece and a line break.
  ///
  /// - Throws: what kept a piece from being written.
  func end(_ text: String = "") throws(UnwritableStream) {
    if let failure { throw failure }
    try Console.answer(text + "\n")
  }
}
