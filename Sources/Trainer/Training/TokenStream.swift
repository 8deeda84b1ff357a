import GPUTensor
import Kernels

/// The rows of a round's datasets, end to end on the device: a step only names the places it reads.
package struct TokenStream {
  /// Numbers of one sample's entry in a step's segment table: place, first row, rows, length.
  package static let segmentWidth = 4

  /// The places in the stream where the samples of a round's datasets start; reversed variants follow each dataset's own.
  package struct Places: Sendable {
    private let datasets: [(samples: [Int], reversed: [Int])]
    /// Places of the samples that are drawn from large datasets, by dataset.
    fileprivate var drawn: [[DrawnSample: Int]]

    /// The places of datasets that lie end to end from the stream's start.
    package init(of datasets: [Dataset]) {
      var start = 0
      func places(_ samples: [Sample]) -> [Int] {
        samples.map { sample in
          defer { start += sample.length }
          return start
        }
      }
      self.datasets = datasets.map { (places($0.samples), places($0.reversed ?? [])) }
      drawn = datasets.map { _ in [:] }
    }

    /// The place of the variant that a segment names.
    package subscript(_ segment: Segment) -> Int {
      if let place = drawn[segment.dataset][.init(sample: segment.sample, reversed: segment.reversed)] { return place }
      let dataset = datasets[segment.dataset]
      return segment.reversed ? dataset.reversed[segment.sample] : dataset.samples[segment.sample]
    }
  }

  package let ids: Variable
  package let labels: Variable
  /// The weight of each token in the loss; nil: 1.
  package let weights: Variable?

  /// - Parameters:
  ///   - capacity: tokens of the round that has the most, reversed variants counted.
  ///   - isWeighted: true where some row counts more or less than the others in the loss.
  package init(capacity: Int, isWeighted: Bool = false) {
    ids = Variable(name: "stream ids", shape: Shape([capacity]), dtype: .int32)
    labels = Variable(name: "stream labels", shape: Shape([capacity]), dtype: .int32)
    weights = isWeighted ? Variable(name: "stream weights", shape: Shape([capacity])) : nil
  }

  /// Tokens that the stream has room for.
  package var capacity: Int { ids.shape.count }

  /// Sends a round's datasets to the device, each followed by its reversed variants where it has them; after them the
  /// samples that the round draws from large datasets.
  package func load(
    _ datasets: [Dataset], drawn: DrawnSamples? = nil, into executor: any Executor
  ) throws(DeviceError) -> Places {
    var start = 0
    for samples in datasets.flatMap({ [$0.samples, $0.reversed ?? []] }) where !samples.isEmpty {
      try executor.write(.ints(samples.flatMap(\.ids)), to: ids, at: start)
      try executor.write(.ints(samples.flatMap(\.labels)), to: labels, at: start)
      if let weights {
        let values = samples.flatMap { [Float](repeating: $0.weight, count: $0.length) }
        try executor.write(.floats(values), to: weights, at: start)
      }
      start += samples.reduce(0) { $0 + $1.length }
    }
    var places = Places(of: datasets)
    if let drawn { try load(drawn, of: datasets, at: start, &places, into: executor) }
    return places
  }

  /// Tokens that are sent at once.
  private static let pieceTokens = 1 << 20

  private func load(
    _ drawn: DrawnSamples, of datasets: [Dataset], at first: Int, _ places: inout Places, into executor: any Executor
  ) throws(DeviceError) {
    var start = first
    var piece: (ids: [Int32], labels: [Int32], weights: [Float]) = ([], [], [])
    func send() throws(DeviceError) {
      guard !piece.ids.isEmpty else { return }
      try executor.write(.ints(piece.ids), to: ids, at: start)
      try executor.write(.ints(piece.labels), to: labels, at: start)
      if let weights { try executor.write(.floats(piece.weights), to: weights, at: start) }
      start += piece.ids.count
      piece = ([], [], [])
    }
    for (index, samples) in drawn.samples.enumerated() {
      for drawn in samples {
        let sample = datasets[index].sample(drawn.sample, reversed: drawn.reversed)
        places.drawn[index][drawn] = start + piece.ids.count
        piece.ids += sample.ids
        piece.labels += sample.labels
        if weights != nil { piece.weights += [Float](repeating: sample.weight, count: sample.length) }
        if piece.ids.count >= Self.pieceTokens { try send() }
      }
    }
    try send()
  }

  /// Tokens of some datasets together that are held, reversed variants counted.
  package static func tokenCount(_ datasets: [Dataset]) -> Int {
    datasets.reduce(0) { $0 + $1.variants.reduce(0) { $0 + $1.length } }
  }

  /// The segment table of a micro-batch, as the device reads it.
  package static func segmentTable(_ batch: MicroBatch, places: Places) -> [Int32] {
    var table: [Int32] = []
    table.reserveCapacity(batch.segments.count * segmentWidth)
    var row = 0
    for segment in batch.segments {
      table += [Int32(places[segment]), Int32(row), Int32(segment.rowCount), Int32(segment.length)]
      row += segment.rowCount
    }
    return table
  }
}
