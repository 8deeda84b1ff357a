/// Draws → micro-batches.
///
/// With packing, a micro-batch is `rows` rows of at most `sequenceLength` tokens. A row takes the earliest of the next
/// few drawn samples that fits, until none does; so every sample is used exactly once, none is split, and none waits
/// longer than a row, since the earliest always fits an empty one. Without packing, a micro-batch is the next `rows`
/// samples.
package struct BatchPacker: Sendable {
  /// Drawn samples that a row may choose from: enough to fill rows well, few enough to hold to the drawing order.
  private static let lookAhead = 16

  /// The form of a micro-batch.
  package struct Settings: Sendable, Equatable {
    /// Rows of a micro-batch.
    package var rows: Int
    /// Tokens of a row, and the longest sample.
    package var sequenceLength: Int
    /// Whether samples are laid side by side in a row.
    package var packing: Bool

    package init(rows: Int, sequenceLength: Int, packing: Bool) {
      self.rows = rows
      self.sequenceLength = sequenceLength
      self.packing = packing
    }
  }

  private let datasets: [Dataset]
  private let sampler: UnionSampler
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
      var candidates = cursor.heldBack.map { segment(at: $0) }
      for _ in 0..<rows { fillRow(of: &batch, from: &candidates, cursor: &cursor) }
    } else {
      for _ in 0..<rows {
        batch.append(segment(at: cursor.nextPosition))
        cursor.nextPosition += 1
      }
    }
    return (batch, cursor)
  }

  /// Optimiser steps that `epochs` passes over the round's share of the union take, the last perhaps running over.
  package func numberOfSteps(epochs: Double, gradientAccumulationSteps: Int) -> Int {
    // Beyond 2⁵⁰ draws no run ends; the cap keeps the conversion from trapping.
    let draws = Int(min((epochs * Double(sampler.drawsPerEpoch)).rounded(.up), 0x1p50))
    var batches = 0
    if isPacking {
      var cursor = PackingCursor()
      while !cursor.hasUsedAll(below: draws) {
        cursor = next(after: cursor).cursor
        batches += 1
      }
    } else {
      batches = (draws + rows - 1) / rows
    }
    return (batches + gradientAccumulationSteps - 1) / gradientAccumulationSteps
  }

  /// - Parameter candidates: the segments of `cursor.heldBack`, kept beside it.
  private func fillRow(of batch: inout MicroBatch, from candidates: inout [Segment], cursor: inout PackingCursor) {
    var room = sequenceLength
    while true {
      while candidates.count < Self.lookAhead {
        candidates.append(segment(at: cursor.nextPosition))
        cursor.heldBack.append(cursor.nextPosition)
        cursor.nextPosition += 1
      }
      guard let fitting = candidates.firstIndex(where: { $0.length <= room }) else { return }
      let segment = candidates.remove(at: fitting)
      cursor.heldBack.remove(at: fitting)
      room -= segment.length
      batch.append(segment)
    }
  }

  private func segment(at position: Int) -> Segment {
    let draw = sampler.draw(position: position)
    return Segment(
      dataset: draw.dataset, sample: draw.sample, reversed: draw.reversed,
      variant: datasets[draw.dataset].sample(draw.sample, reversed: draw.reversed))
  }
}
