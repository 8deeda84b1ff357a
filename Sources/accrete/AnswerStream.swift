import Trainer

/// Writes a model's answer to stdout, piece by piece, and keeps the first failure to write.
final class AnswerStream {
  private var failure: UnwritableStream?

  /// Writes a piece. Returns false where this or an earlier piece could not be written: the answer need not go on.
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
  /// - Throws: `UnwritableStream`, the first failure to write a piece.
  func end(_ text: String = "") throws(UnwritableStream) {
    if let failure { throw failure }
    try Console.answer(text + "\n")
  }
}
