import Kernels

extension LinearCrossEntropy: Benchmarked {
  package static func benchmarks(_ sizes: BenchmarkSizes) -> [Benchmark] {
    // SmolLM2-135M's head, and Llama 2's vocabulary at 288 columns (LLaMA 15M).
    sizes == .quick
      ? [benchmark(rows: 256, columns: 288, vocabulary: 8192, gradient: true)]
      : [false, true].map { benchmark(rows: 2048, columns: 576, vocabulary: 49152, gradient: $0) }
        + [benchmark(rows: 2048, columns: 288, vocabulary: 32000, gradient: true)]
  }

  /// The losses of logits x·Wᵀ, and with `gradient` the gradients of x and W.
  private static func benchmark(rows: Int, columns: Int, vocabulary: Int, gradient: Bool) -> Benchmark {
    let product = 2 * Double(rows) * Double(columns) * Double(vocabulary)
    let bytes = 4 * Double((rows + vocabulary) * columns)
    return Benchmark(
      gradient ? "cross_entropy_gradient" : stem, "\(rows)x\(columns) V\(vocabulary)",
      flops: product * (gradient ? 3 : 1), bytes: gradient ? 2 * bytes : bytes, rows: rows,
      sampled: CrossEntropyOracle(rows: rows, columns: columns, vocabulary: vocabulary, gradient: gradient)
    ) { recorder in
      let x = recorder.parameter(recorder.graph.rows(columns))
      let weight = recorder.parameter(Shape([vocabulary, columns]), in: -0.1...0.1)
      let targets = recorder.ints((0..<rows).map { CrossEntropyOracle.target(row: $0, vocabulary: vocabulary) })
      let losses = x.linearCrossEntropy(weight: weight, targets: targets)
      recorder.compare(losses.rows)
      guard gradient else { return }
      // The weight's gradient is compared only in the small `cases`: each of its entries takes every logit.
      for made in recorder.graph.gradients(of: losses.sum, with: [x, weight]) { recorder.compare(made) }
    }
  }
}

/// The losses of sampled rows, and sampled entries of the gradient of x in these rows.
private struct CrossEntropyOracle: SampledOracle {
  let rows: Int
  let columns: Int
  let vocabulary: Int
  let gradient: Bool

  static func target(row: Int, vocabulary: Int) -> Int { row * 31 % vocabulary }

  private var sampledRows: [Int] { (0...3).map { (rows - 1) * $0 / 3 } }
  private var sampledColumns: [Int] { [0, columns / 2, columns - 1] }

  var places: [[Int]] {
    let entries = sampledRows.flatMap { row in sampledColumns.map { row * columns + $0 } }
    return [sampledRows] + (gradient ? [entries, []] : [])
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func values<S: HostScalar>(_ parameters: [[Float]], as type: S.Type, operands: OperandType) -> [[S]] {
    let (x, weight) = (parameters[0], parameters[1])
    var (losses, entries): ([S], [S]) = ([], [])
    for row in sampledRows {
      var logits = (0..<vocabulary).map { token -> S in
        var sum: S = 0
        for column in 0..<columns { sum += S(x[row * columns + column]) * S(weight[token * columns + column]) }
        return sum
      }
      let largest = logits.max() ?? 0
      let sum = logits.reduce(S(0)) { $0 + S.exp($1 - largest) }
      let target = Self.target(row: row, vocabulary: vocabulary)
      losses.append(S.log(sum) + largest - logits[target])
      for token in logits.indices { logits[token] = S.exp(logits[token] - largest) / sum }
      logits[target] -= 1
      for column in sampledColumns {
        entries.append(logits.indices.reduce(S(0)) { $0 + logits[$1] * S(weight[$1 * columns + column]) })
      }
    }
    return gradient ? [losses, entries, []] : [losses]
  }
}
