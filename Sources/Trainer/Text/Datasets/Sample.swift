/// One training sequence: token ids, and the same ids as labels where they are supervised.
package struct Sample: Sendable, Equatable {
  /// The label of a token that is not supervised.
  package static let ignoredLabel: Int32 = -100

  /// Token ids: [T].
  package let ids: [Int32]
  /// Aligned with `ids`: position t is predicted from those before it; −100 where it is not supervised: [T].
  package let labels: [Int32]

  package init(ids: [Int32], labels: [Int32]) {
    precondition(ids.count == labels.count, "a label for each token")
    self.ids = ids
    self.labels = labels
  }

  /// Tokens of the sample.
  package var length: Int { ids.count }

  /// Tokens that are predicted and supervised: the first in reading order has nothing before it, and never counts.
  package func targetCount(reversed: Bool) -> Int {
    (reversed ? labels.dropLast() : labels.dropFirst()).count { $0 != Self.ignoredLabel }
  }
}
