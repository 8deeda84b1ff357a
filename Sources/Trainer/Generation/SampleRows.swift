import GPUTensor

/// Samples end to end as a graph's inputs, each int32 [R]: ids, targets, positions, and the range of keys that each
/// position sees.
struct SampleRows {
  let rows: RowTensors
  private let tensors: [Tensor]

  init(_ graph: Graph) {
    tensors = ["ids", "targets", "positions", "keyStart", "keyEnd", "queryEnd"].map {
      graph.input($0, graph.rows(), dtype: .int32)
    }
    rows = RowTensors(tensors)
  }

  /// The inputs for these samples, and the target of each position: −100 where there is none.
  ///
  /// - Parameter rowCount: number of a sample's tokens that the model reads.
  func arguments(
    _ samples: [Sample], rowCount: (Sample) -> Int = { $0.rowCount }
  ) -> (run: ReplayArguments, targets: [Int32]) {
    var columns = [[Int32]](repeating: [], count: 6)
    for sample in samples {
      let count = rowCount(sample)
      let first = Int32(columns[0].count)
      let end = first + Int32(count)
      columns[0] += sample.ids.prefix(count)
      columns[1] += (sample.labels.dropFirst() + [Sample.ignoredLabel]).prefix(count)
      columns[2] += (0..<Int32(count))
      columns[3] += [Int32](repeating: first, count: count)
      columns[4] += (first + 1)...end
      columns[5] += [Int32](repeating: end, count: count)
    }
    let inputs = zip(tensors, columns).map { (tensor: $0, data: HostData.ints($1)) }
    let targets = columns[1]
    return (ReplayArguments(rows: targets.count, targets: targets.count { $0 >= 0 }, inputs: inputs), targets)
  }
}
