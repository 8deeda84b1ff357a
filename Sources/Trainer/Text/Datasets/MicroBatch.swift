/// One sample's place in a micro-batch.
package struct Segment: Sendable, Equatable {
  /// Index of the dataset: 0 is D1.
  package let dataset: Int
  /// Index of the sample within the dataset.
  package let sample: Int
  /// True for the sample's reversed variant.
  package let reversed: Bool
  /// Tokens of the sample, or of its reversed variant.
  package let length: Int
  /// Tokens of these that the model reads (`Sample.rowCount`).
  package let rowCount: Int
  /// Tokens of these that are predicted and supervised.
  package let targetCount: Int
  /// Sum of the targets' weights in the loss.
  package let targetWeight: Double

  /// - Parameter variant: the sample as it is read: itself, or its reversed variant.
  package init(dataset: Int, sample: Int, reversed: Bool, variant: Sample) {
    self.dataset = dataset
    self.sample = sample
    self.reversed = reversed
    length = variant.length
    rowCount = variant.rowCount
    targetCount = variant.targetCount
    targetWeight = Double(variant.weight) * Double(targetCount)
  }
}

/// The samples of one forward and backward pass, laid end to end without padding.
package struct MicroBatch: Sendable, Equatable {
  package private(set) var segments: [Segment] = []
  /// Tokens of all segments.
  package private(set) var tokenCount = 0
  /// Tokens that the model reads: R, the positions of the pass.
  package private(set) var rowCount = 0
  /// Tokens that are predicted and supervised.
  package private(set) var supervisedCount = 0
  /// Sum of the supervised tokens' weights: the divisor of the loss.
  package private(set) var supervisedWeight = 0.0

  package init() {}

  package mutating func append(_ segment: Segment) {
    segments.append(segment)
    tokenCount += segment.length
    rowCount += segment.rowCount
    supervisedCount += segment.targetCount
    supervisedWeight += segment.targetWeight
  }
}

/// Progress of a round through its draws, to resume from.
package struct PackingCursor: Sendable, Equatable, Codable {
  /// The first position that has not been drawn.
  package var nextPosition = 0
  /// Positions that are drawn but have found no room yet, in drawing order.
  package var heldBack: [Int] = []

  /// The start of a round.
  package init() {}

  /// True where every position below `position` has been used.
  package func hasUsedAll(below position: Int) -> Bool {
    nextPosition >= position && heldBack.allSatisfy { $0 >= position }
  }
}
