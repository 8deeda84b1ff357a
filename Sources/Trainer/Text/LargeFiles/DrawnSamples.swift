/// One sample of a large dataset, or its reversed variant.
package struct DrawnSample: Sendable, Hashable {
  /// Index of the sample within the dataset.
  package let sample: Int
  package let reversed: Bool
}

/// The samples that a round's steps draw from large datasets, each once, in the order in which they are first drawn.
package struct DrawnSamples: Sendable {
  /// Measures of them all.
  package struct Totals: Sendable, Equatable {
    /// Tokens of all of them together.
    package var tokens = 0
    /// Tokens of the longest.
    package var longest = 0
    /// True where one has a weight other than 1.
    package var hasWeights = false
  }

  /// The samples of each of the round's datasets; none of those that are held as a whole.
  package private(set) var samples: [[DrawnSample]]
  package private(set) var totals = Totals()
  private var known: [Set<DrawnSample>]

  /// Draws the micro-batches of some steps, and notes the samples of large datasets among them.
  ///
  /// - Parameters:
  ///   - datasets: those of the round.
  ///   - packer: made for the same datasets.
  ///   - cursor: the place from which on micro-batches are drawn.
  ///   - batches: micro-batches to draw.
  ///   - pause: called before each micro-batch; an error that it throws ends the drawing.
  /// - Throws: `DatasetError` about the first row drawn that is at fault.
  package init(
    of datasets: [Dataset], packer: BatchPacker, from cursor: PackingCursor = PackingCursor(), batches: Int,
    pause: () throws -> Void = {}
  ) throws {
    samples = datasets.map { _ in [] }
    known = datasets.map { _ in [] }
    let large = datasets.compactMap(\.drawn)
    guard !large.isEmpty else { return }
    var cursor = cursor
    for _ in 0..<batches {
      try pause()
      let next = packer.next(after: cursor)
      cursor = next.cursor
      if let fault = large.lazy.compactMap(\.fault).first { throw fault }
      for segment in next.batch.segments where datasets[segment.dataset].drawn != nil { add(segment) }
    }
    for rows in large { rows.flush() }
  }

  private mutating func add(_ segment: Segment) {
    let drawn = DrawnSample(sample: segment.sample, reversed: segment.reversed)
    guard known[segment.dataset].insert(drawn).inserted else { return }
    samples[segment.dataset].append(drawn)
    totals.tokens += segment.length
    totals.longest = max(totals.longest, segment.length)
    if segment.targetWeight != Double(segment.targetCount) { totals.hasWeights = true }
  }
}
