/// One training sequence: token ids, and the same ids as labels where they are supervised.
package struct Sample: Sendable, Equatable {
  /// The label of a token that is not supervised.
  package static let ignoredLabel: Int32 = -100

  /// Token ids: [T].
  package let ids: [Int32]
  /// Aligned with `ids`: position t is predicted from those before it; −100 where it is not supervised: [T].
  package let labels: [Int32]
  /// What each of its tokens counts in a loss, beside 1.
  package let weight: Float

  package init(ids: [Int32], labels: [Int32], weight: Float = 1) {
    precondition(ids.count == labels.count, "a label for each token")
    self.ids = ids
    self.labels = labels
    self.weight = weight
  }

  /// The same tokens with another weight.
  func weighted(_ weight: Float) -> Sample { Sample(ids: ids, labels: labels, weight: weight) }

  /// Tokens of the sample.
  package var length: Int { ids.count }

  /// Tokens that are predicted and supervised: the first has nothing before it, and never counts.
  package var targetCount: Int { labels.dropFirst().count { $0 != Self.ignoredLabel } }

  /// Tokens that the model has to read: those before the last that is predicted and supervised, and at least one. What
  /// comes after them changes no loss.
  package var rowCount: Int { max(1, labels.lastIndex { $0 != Self.ignoredLabel } ?? 1) }

  /// The first `count` tokens; the sample itself where it has no more.
  package func prefix(_ count: Int) -> Sample {
    length <= count ? self : Sample(ids: Array(ids.prefix(count)), labels: Array(labels.prefix(count)), weight: weight)
  }

  /// The sample cut into runs of `count` tokens, the last perhaps shorter.
  package func pieces(of count: Int) -> [Sample] {
    stride(from: 0, to: length, by: count).map { start in
      let range = start..<min(start + count, length)
      return Sample(ids: Array(ids[range]), labels: Array(labels[range]), weight: weight)
    }
  }
}
