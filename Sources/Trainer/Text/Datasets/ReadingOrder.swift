/// The order in which rows are read (`objective` in a recipe): forwards, or some of them in reverse.
///
/// - Source: arXiv:2403.13799.
package struct ReadingOrder: Sendable, Equatable {
  /// Shares of rows read forwards and in reverse; they sum to 1.
  package var forward: Double = 1
  package var reverse: Double = 0
  /// Unit that keeps its inner order in a reversed row.
  package var unit = Reversal.Unit.token
  /// Words of the longest random segment, where `unit` is `segment`.
  package var longestSegment = 25
  /// A text that begins reversed rows alone, right after BOS; nil: none.
  package var marker: String?

  package init(forward: Double = 1, reverse: Double = 0) {
    self.forward = forward
    self.reverse = reverse
  }
}
