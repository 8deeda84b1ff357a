import Kernels

extension Attention: Benchmarked {
  package static func benchmarks(_ sizes: BenchmarkSizes) -> [Benchmark] {
    let smol = AttentionLayout(heads: 9, keyValueHeads: 3, headSize: 64)  // SmolLM2-135M
    guard sizes == .full else { return pair(512, smol) }
    let lengths = [128, 256, 512, 1024, 2048, 4096, 8192]
    let wide = AttentionLayout(heads: 32, keyValueHeads: 8, headSize: 128)  // Llama 3 8B
    return lengths.flatMap { pair($0, smol) } + pair(1024, wide)
  }

  /// One causal sequence of T rows, forward and backward. Only the causal half counts: two products forward, five
  /// backward, each of T²·D·H operations.
  private static func pair(_ rows: Int, _ layout: AttentionLayout) -> [Benchmark] {
    let shape = "T\(rows) \(layout.heads)/\(layout.keyValueHeads)x\(layout.headSize)"
    let product = Double(rows) * Double(rows) * Double(layout.headSize * layout.heads)
    let queries = Double(rows * layout.heads * layout.headSize)
    let keys = Double(rows * layout.keyValueHeads * layout.headSize)
    return [false, true].map { backward in
      Benchmark(
        backward ? "attention_backward" : stem, shape, flops: product * (backward ? 5 : 2),
        bytes: 4 * (backward ? 4 * queries + 4 * keys : 2 * queries + 2 * keys), rows: rows,
        sampled: AttentionOracle(rows: rows, layout: layout, backward: backward),
        timedKernels: backward ? ["delta", "backward"] : ["forward"]
      ) { recorder in
        let q = recorder.parameter(recorder.graph.rows(layout.heads * layout.headSize), in: -2...2)
        let k = recorder.parameter(recorder.graph.rows(layout.keyValueHeads * layout.headSize), in: -2...2)
        let v = recorder.parameter(recorder.graph.rows(layout.keyValueHeads * layout.headSize))
        let out = q.attention(
          keys: k, values: v, keyStart: recorder.ints([Int](repeating: 0, count: rows)),
          keyEnd: recorder.ints(Array(1...rows)), queryEnd: recorder.ints([Int](repeating: rows, count: rows)),
          layout: layout)
        guard backward else { return recorder.compare(out) }
        let seed = recorder.parameter(out.shape)
        for gradient in recorder.graph.gradients(of: out, with: [q, k, v], seed: seed) { recorder.compare(gradient) }
      }
    }
  }
}

/// Sampled rows of a causal attention and of its gradients.
private struct AttentionOracle: SampledOracle {
  let rows: Int
  let layout: AttentionLayout
  let backward: Bool

  /// (row, head, column) of the sampled queries, first and last row included.
  private var queryPlaces: [(row: Int, head: Int, column: Int)] {
    (0...10).map { (row: (rows - 1) * $0 / 10, head: $0 * 5 % layout.heads, column: $0 * 37 % layout.headSize) }
  }

  /// (row, head, column) of the sampled keys; near the end, because a key costs as many rows as attend to it.
  private var keyPlaces: [(row: Int, head: Int, column: Int)] {
    let first = max(0, rows - 32)
    return (0...4).map {
      (row: first + (rows - 1 - first) * $0 / 4, head: $0 % layout.keyValueHeads, column: $0 * 29 % layout.headSize)
    }
  }

  var places: [[Int]] {
    func flat(_ places: [(row: Int, head: Int, column: Int)], _ heads: Int) -> [Int] {
      places.map { ($0.row * heads + $0.head) * layout.headSize + $0.column }
    }
    let queries = flat(queryPlaces, layout.heads)
    guard backward else { return [queries] }
    let keys = flat(keyPlaces, layout.keyValueHeads)
    return [queries, keys, keys]
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func values<S: HostScalar>(_ parameters: [[Float]], as type: S.Type, operands: OperandType) -> [[S]] {
    guard backward else {
      return [
        queryPlaces.map { place in
          let weights = probabilities(parameters, row: place.row, head: place.head, as: S.self)
          return weighted(weights, parameters[2], head: place.head, column: place.column)
        }
      ]
    }
    let queries = queryPlaces.map { place -> S in
      let flow = scoreGradients(parameters, row: place.row, head: place.head, as: S.self)
      let sum = weighted(flow.scores, parameters[1], head: place.head, column: place.column)
      return sum / S(layout.headSize).squareRoot()
    }
    var (keys, values): ([S], [S]) = ([], [])
    let group = layout.heads / layout.keyValueHeads
    for place in keyPlaces {
      var (dk, dv): (S, S) = (0, 0)
      for row in place.row..<rows {
        for head in (place.head * group)..<((place.head + 1) * group) {
          let flow = scoreGradients(parameters, row: row, head: head, as: S.self)
          let at = (row * layout.heads + head) * layout.headSize + place.column
          dk += flow.scores[place.row] * S(parameters[0][at])
          dv += flow.weights[place.row] * S(parameters[3][at])
        }
      }
      keys.append(dk / S(layout.headSize).squareRoot())
      values.append(dv)
    }
    return [queries, keys, values]
  }

  /// Softmax over one row's scores with the keys up to that row.
  private func probabilities<S: HostScalar>(_ parameters: [[Float]], row: Int, head: Int, as type: S.Type) -> [S] {
    let query = (row * layout.heads + head) * layout.headSize
    var scores = (0...row).map { key -> S in
      dot(parameters[0], query, parameters[1], layout.keyOffset(row: key, head: head)) / S(layout.headSize).squareRoot()
    }
    let largest = scores.max() ?? 0
    var sum: S = 0
    for key in scores.indices {
      scores[key] = S.exp(scores[key] - largest)
      sum += scores[key]
    }
    return scores.map { $0 / sum }
  }

  /// The probabilities p of one row, and the gradient of its scores p · (dp − Σ p·dp).
  private func scoreGradients<S: HostScalar>(
    _ parameters: [[Float]], row: Int, head: Int, as type: S.Type
  ) -> (weights: [S], scores: [S]) {
    let weights = probabilities(parameters, row: row, head: head, as: S.self)
    let gradient = (row * layout.heads + head) * layout.headSize
    let flows = weights.indices.map { key -> S in
      dot(parameters[3], gradient, parameters[2], layout.keyOffset(row: key, head: head))
    }
    let mean = zip(weights, flows).reduce(S(0)) { $0 + $1.0 * $1.1 }
    return (weights, zip(weights, flows).map { $0 * ($1 - mean) })
  }

  private func weighted<S: HostScalar>(_ weights: [S], _ tensor: [Float], head: Int, column: Int) -> S {
    weights.indices.reduce(S(0)) { $0 + weights[$1] * S(tensor[layout.keyOffset(row: $1, head: head) + column]) }
  }

  private func dot<S: HostScalar>(_ a: [Float], _ first: Int, _ b: [Float], _ second: Int) -> S {
    (0..<layout.headSize).reduce(S(0)) { $0 + S(a[first + $1]) * S(b[second + $1]) }
  }
}
