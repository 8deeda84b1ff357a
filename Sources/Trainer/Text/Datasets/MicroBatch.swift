/// One sample's place in a micro-batch.
package struct Segment: Sendable, Equatable {
  /// Index of the dataset: 0 is D1.
  package let dataset: Int
  /// Index of the sample within the dataset.
  package let sample: Int
  /// Tokens of the variant that is meant.
  package let length: Int
  /// Whether the sample's reversed variant is meant.
  package let reversed: Bool

  package init(dataset: Int, sample: Int, length: Int, reversed: Bool) {
    self.dataset = dataset
    self.sample = sample
    self.length = length
    self.reversed = reversed
  }
}

/// The samples of one forward and backward pass, laid end to end without padding.
package struct MicroBatch: Sendable, Equatable {
  package var segments: [Segment] = []
  /// Tokens of all segments.
  package var tokenCount = 0
  /// Tokens that are predicted and supervised: what the loss is divided by.
  package var supervisedCount = 0

  package init() {}
}

/// How far a round has read, to resume from.
package struct PackingCursor: Sendable, Equatable, Codable {
  /// The first position that has not been drawn.
  package var nextPosition = 0
  /// Positions that were drawn but found no room yet, in drawing order.
  package var heldBack: [Int] = []

  /// The start of a round.
  package init() {}

  /// Whether every position below `position` has been used.
  package func hasUsedAll(below position: Int) -> Bool {
    nextPosition >= position && heldBack.allSatisfy { $0 >= position }
  }
}
