import GPUTensor
import Kernels

/// The rows of a round's datasets, end to end on the device: a step only names the places it reads.
package struct TokenStream {
  /// Numbers of one sample's entry in a step's segment table: place, first row, length, 1 where read backwards.
  package static let segmentWidth = 4

  package let ids: Variable
  package let labels: Variable

  /// - Parameter capacity: tokens of the round that has the most.
  package init(capacity: Int) {
    ids = Variable(name: "stream ids", shape: Shape([capacity]), dtype: .int32)
    labels = Variable(name: "stream labels", shape: Shape([capacity]), dtype: .int32)
  }

  /// Sends a round's datasets to the device.
  ///
  /// - Returns: for each dataset the place in the stream at which each of its samples starts.
  package func load(_ datasets: [Dataset], into executor: any Executor) throws(OpenCLError) -> [[Int]] {
    var places: [[Int]] = []
    var start = 0
    for dataset in datasets {
      let first = start
      places.append(
        dataset.samples.map { sample in
          defer { start += sample.length }
          return start
        })
      try executor.write(.ints(dataset.samples.flatMap(\.ids)), to: ids, at: first)
      try executor.write(.ints(dataset.samples.flatMap(\.labels)), to: labels, at: first)
    }
    return places
  }

  /// Tokens of some datasets together.
  package static func tokenCount(_ datasets: [Dataset]) -> Int {
    datasets.reduce(0) { $0 + $1.samples.reduce(0) { $0 + $1.length } }
  }

  /// The segment table of a micro-batch, as the device reads it.
  package static func segmentTable(_ batch: MicroBatch, places: [[Int]]) -> [Int32] {
    var table: [Int32] = []
    table.reserveCapacity(batch.segments.count * segmentWidth)
    var row = 0
    for segment in batch.segments {
      table += [
        Int32(places[segment.dataset][segment.sample]), Int32(row), Int32(segment.length), segment.reversed ? 1 : 0,
      ]
      row += segment.length
    }
    return table
  }
}
