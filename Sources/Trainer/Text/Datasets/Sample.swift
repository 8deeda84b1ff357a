/// One training sequence: token ids, and the same ids as labels where they are supervised.
package struct Sample: Sendable, Equatable {
  /// The label of a token that is not supervised.
  package static let ignoredLabel: Int32 = -100

  /// Token ids: [T].
  package let ids: [Int32]
  /// Labels: [T], aligned with `ids`. Token t is predicted from the tokens before it; −100 where it is not supervised.
  package let labels: [Int32]
  /// Weight of each of its tokens in the mean loss; usually 1.
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

  /// Tokens that the model has to read: all before the last supervised one, and at least one. Later tokens change no
  /// loss.
  package var rowCount: Int { max(1, labels.lastIndex { $0 != Self.ignoredLabel } ?? 1) }

  /// The first `count` tokens; the sample itself where it has no more.
  package func prefix(_ count: Int) -> Sample {
    length <= count ? self : Sample(ids: Array(ids.prefix(count)), labels: Array(labels.prefix(count)), weight: weight)
  }

  /// The sample cut into pieces of `count` tokens; the last may be shorter.
  package func pieces(of count: Int) -> [Sample] {
    stride(from: 0, to: length, by: count).map { start in
      let range = start..<min(start + count, length)
      return Sample(ids: Array(ids[range]), labels: Array(labels[range]), weight: weight)
    }
  }
}
