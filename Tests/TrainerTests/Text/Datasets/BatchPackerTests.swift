import Foundation
import Testing

import Trainer

@Suite("Batch packing")
struct BatchPackerTests {
  private func packer(
    _ lengths: [[Int]], packing: Bool = true, rows: Int = 2, sequenceLength: Int = 10, shuffle: Bool = false,
    reverse: Double = 0
  ) -> BatchPacker {
    let settings = BatchPacker.Settings(rows: rows, sequenceLength: sequenceLength, packing: packing)
    let sampler = UnionSampler(
      rowCounts: lengths.map(\.count),
      settings: .init(union: UnionSettings(), shuffle: shuffle, reverseShare: reverse), seed: 3, round: 1)
    return BatchPacker(datasets: DatasetFixture.datasets(lengths: lengths), sampler: sampler, settings: settings)
  }

  private func batches(_ packer: BatchPacker, count: Int) -> [MicroBatch] {
    var cursor = PackingCursor()
    return (0..<count).map { _ in
      let (batch, next) = packer.next(after: cursor)
      cursor = next
      return batch
    }
  }

  @Test("rows are filled with the earliest samples that fit; by hand")
  func byHand() {
    // Sequence 1: 6, then 4 (the 7 waits). Sequence 2: 7, 3. The next micro-batch starts over at 6.
    let first = batches(packer([[6, 7, 4, 3]]), count: 1)[0]
    #expect(first.segments.map(\.sample) == [0, 2, 1, 3])
    #expect(first.segments.map(\.length) == [6, 4, 7, 3])
    #expect(first.tokenCount == 20)
    #expect(first.rowCount == 20 - 4)
    #expect(first.supervisedCount == 20 - 4)
  }

  @Test("every drawn sample is used exactly once, rows never overflow, and they are well filled")
  func eachOnce() {
    let lengths = (0..<50).map { 2 + ($0 * 7) % 23 }
    let packer = packer([lengths], rows: 4, sequenceLength: 32, shuffle: true)
    var cursor = PackingCursor()
    var used = Array(repeating: 0, count: 50)
    var tokens = 0
    var count = 0
    while !cursor.hasUsedAll(below: 500) {
      let (batch, next) = packer.next(after: cursor)
      cursor = next
      for segment in batch.segments { used[segment.sample] += 1 }
      #expect(batch.tokenCount <= 4 * 32)
      #expect(batch.tokenCount == batch.segments.reduce(0) { $0 + $1.length })
      tokens += batch.tokenCount
      count += 1
    }
    // Samples used or held back are exactly those drawn.
    for position in cursor.heldBack {
      let draw = UnionSampler(
        rowCounts: [50], settings: .init(union: UnionSettings(), shuffle: true, reverseShare: 0), seed: 3, round: 1
      ).draw(position: position)
      used[draw.sample] += 1
    }
    let whole = cursor.nextPosition / 50
    #expect(used.allSatisfy { $0 == whole || $0 == whole + 1 })
    #expect(used.reduce(0, +) == cursor.nextPosition)
    #expect(Double(tokens) / Double(count * 4 * 32) > 0.95)
  }

  @Test("without packing, a micro-batch is exactly its number of samples")
  func unpacked() {
    let batches = batches(packer([[6, 7, 4, 3]], packing: false, rows: 3), count: 2)
    #expect(batches.map { $0.segments.map(\.sample) } == [[0, 1, 2], [3, 0, 1]])
    #expect(batches.map(\.tokenCount) == [17, 16])
    #expect(batches.map(\.supervisedCount) == [14, 13])
  }

  @Test("a run resumed from a stored cursor reads what an unbroken one reads", arguments: [true, false])
  func resume(_ packing: Bool) throws {
    let packer = packer(
      [[3, 9, 5, 2, 8], [4, 4, 7]], packing: packing, rows: 2, sequenceLength: 12, shuffle: true, reverse: 0.5)
    let unbroken = batches(packer, count: 20)
    var cursor = PackingCursor()
    for index in 0..<20 {
      cursor = try JSONDecoder().decode(PackingCursor.self, from: JSONEncoder().encode(cursor))
      let (batch, next) = packer.next(after: cursor)
      #expect(batch == unbroken[index])
      cursor = next
    }
  }

  @Test("a reversed segment has its variant's length and targets")
  func reversedTargets() {
    #expect(Sample(ids: [1, 2, 3, 4], labels: [-100, -100, 3, 4]).targetCount == 2)
    #expect(Sample(ids: [1, 2, 3], labels: [1, 2, 3]).targetCount == 2)
    // The model reads the tokens before the last target, and at least one of every sample.
    #expect(Sample(ids: [1, 2, 3, 4, 5], labels: [-100, 2, -100, 4, -100]).rowCount == 3)
    #expect(Sample(ids: [1, 2], labels: [1, -100]).rowCount == 1)
    #expect(Sample(ids: [1, 2], labels: [-100, -100]).rowCount == 1)
    // Only the first token of the fixture's rows is masked: reversed, it is last, and no target.
    let all = batches(packer([[5, 5]], packing: false, rows: 4, reverse: 1), count: 1)[0]
    #expect(all.segments.allSatisfy { $0.reversed })
    #expect(all.supervisedCount == 4 * 3)
    let uneven = Dataset(
      name: "d", files: RowFiles(["/d"]), samples: [Sample(ids: [1, 2], labels: [-100, 2])],
      reversed: [Sample(ids: [7, 2, 1], labels: [-100, 2, 1])], statistics: DatasetStatistics())
    let settings = BatchPacker.Settings(rows: 16, sequenceLength: 512, packing: false)
    let sampler = UnionSampler(
      rowCounts: [1], settings: .init(union: UnionSettings(), shuffle: false, reverseShare: 0.5), seed: 3, round: 1)
    let mixed = BatchPacker(datasets: [uneven], sampler: sampler, settings: settings).next(after: PackingCursor()).batch
    #expect(mixed.segments.allSatisfy { $0.length == ($0.reversed ? 3 : 2) })
    let backwards = mixed.segments.count { $0.reversed }
    #expect((1..<16).contains(backwards))
    #expect(mixed.tokenCount == 16 * 2 + backwards && mixed.supervisedCount == 16 + backwards)
  }

  @Test("epochs become steps: the last may run over")
  func steps() {
    let plain = packer([[6, 7, 4, 3, 5]], packing: false, rows: 2)
    #expect(plain.numberOfSteps(epochs: 1, gradientAccumulationSteps: 1) == 3)
    #expect(plain.numberOfSteps(epochs: 2, gradientAccumulationSteps: 1) == 5)
    #expect(plain.numberOfSteps(epochs: 2, gradientAccumulationSteps: 2) == 3)
    #expect(plain.numberOfSteps(epochs: 0.1, gradientAccumulationSteps: 4) == 1)
    // Two sequences of ten hold the four samples of 20 tokens in all.
    #expect(packer([[6, 7, 4, 3]]).numberOfSteps(epochs: 1, gradientAccumulationSteps: 1) == 1)
    #expect(packer([[6, 7, 4, 3]]).numberOfSteps(epochs: 3, gradientAccumulationSteps: 1) == 3)
  }
}
