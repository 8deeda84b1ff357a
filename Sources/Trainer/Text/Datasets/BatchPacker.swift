/// Draws → micro-batches.
///
/// With packing, a micro-batch is `rows` sequences of at most `sequenceLength` tokens. A sequence takes the earliest
/// that fits of the next 16 drawn samples, until none does. Every sample is used exactly once and none is split; a
/// sequence begins with the earliest, so none waits for more than 15 sequences. Without packing, a micro-batch is the
/// next `rows` samples. A row of a large dataset that is no sample is passed over.
package struct BatchPacker: Sendable {
  /// Drawn samples that a sequence chooses from: enough to fill it well, few enough to stay near the drawing order.
  private static let lookAhead = 16

  /// Form of a micro-batch.
  package struct Settings: Sendable, Equatable {
    /// Sequences of a micro-batch.
    package var rows: Int
    /// Tokens of a sequence, and of the longest sample.
    package var sequenceLength: Int
    /// True where several samples share a sequence.
    package var packing: Bool

    package init(rows: Int, sequenceLength: Int, packing: Bool) {
      self.rows = rows
      self.sequenceLength = sequenceLength
      self.packing = packing
    }
  }

  private let datasets: [Dataset]
  let sampler: UnionSampler
  private let rows: Int
  private let sequenceLength: Int
  private let isPacking: Bool

  /// - Parameters:
  ///   - datasets: D1 … Di, encoded for at most the settings' `sequenceLength`.
  ///   - sampler: made for the same datasets.
  package init(datasets: [Dataset], sampler: UnionSampler, settings: Settings) {
    let longest = settings.sequenceLength
    precondition(
      datasets.allSatisfy { $0.variants.allSatisfy { (1...longest).contains($0.length) } },
      "datasets are encoded for the round's own sequence length")
    self.datasets = datasets
    self.sampler = sampler
    rows = settings.rows
    sequenceLength = longest
    isPacking = settings.packing
  }

  /// The micro-batch that follows a cursor, and the cursor after it; a pure function.
  package func next(after cursor: PackingCursor) -> (batch: MicroBatch, cursor: PackingCursor) {
    var cursor = cursor
    var batch = MicroBatch()
    if isPacking {
      var candidates = cursor.heldBack.compactMap { segment(at: $0) }
      for _ in 0..<rows { fillRow(of: &batch, from: &candidates, cursor: &cursor) }
    } else {
      for _ in 0..<rows {
        batch.append(take(&cursor).segment)
      }
    }
    return (batch, cursor)
  }

  /// Optimiser steps of `epochs` epochs, each of the sampler's `drawsPerEpoch` draws; the last step may run over.
  package func numberOfSteps(epochs: Double, gradientAccumulationSteps: Int) -> Int {
    let draws = sampler.draws(epochs: epochs)
    var batches = 0
    if isPacking || datasets.contains(where: { $0.drawn != nil }) {
      var cursor = PackingCursor()
      while !cursor.hasUsedAll(below: draws) {
        cursor = next(after: cursor).cursor
        // What gives no sample asks for no further batch.
        while cursor.nextPosition < draws, segment(at: cursor.nextPosition) == nil { cursor.nextPosition += 1 }
        batches += 1
      }
    } else {
      batches = (draws + rows - 1) / rows
    }
    return (batches + gradientAccumulationSteps - 1) / gradientAccumulationSteps
  }

  /// Fills one sequence of `batch`.
  ///
  /// - Parameter candidates: the segments of `cursor.heldBack`, in the same order.
  private func fillRow(of batch: inout MicroBatch, from candidates: inout [Segment], cursor: inout PackingCursor) {
    var room = sequenceLength
    while true {
      while candidates.count < Self.lookAhead {
        let (segment, position) = take(&cursor)
        candidates.append(segment)
        cursor.heldBack.append(position)
      }
      guard let fitting = candidates.firstIndex(where: { $0.length <= room }) else { return }
      let segment = candidates.remove(at: fitting)
      cursor.heldBack.remove(at: fitting)
      room -= segment.length
      batch.append(segment)
    }
  }

  /// The next draw that gives a sample, and its position; the cursor goes behind it.
  private func take(_ cursor: inout PackingCursor) -> (segment: Segment, position: Int) {
    while true {
      let position = cursor.nextPosition
      cursor.nextPosition += 1
      if let segment = segment(at: position) { return (segment, position) }
    }
  }

  /// The sample that a position gives; nil where a row of a large dataset is none.
  private func segment(at position: Int) -> Segment? {
    let draw = sampler.draw(position: position)
    guard let (index, variant) = datasets[draw.dataset].draw(draw) else { return nil }
    return Segment(dataset: draw.dataset, sample: index, reversed: draw.reversed, variant: variant)
  }
}
