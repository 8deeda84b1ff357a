import GPUTensor

/// One transformer block with tied embeddings, recorded with real ops, as a plan and a backward pass meet it in a
/// model.
///
/// C = 8, F = 12, H = 2, HKV = 1, D = 4, V = 11; the rows hold several samples.
package struct SmallTransformer {
  package let test: TestGraph
  /// The sum of the token losses, [1].
  package let loss: Tensor
  /// The embedding, which is also the output weight, and the block's weights.
  package let parameters: [Tensor]

  /// - Parameter lengths: lengths of the samples; their sum is the row capacity.
  package init(lengths: [Int], seed: UInt64 = 5) {
    let count = lengths.reduce(0, +)
    test = TestGraph(rowCapacity: count, seed: seed)
    let layout = AttentionLayout(heads: 2, keyValueHeads: 1, headSize: 4)
    let starts = lengths.indices.flatMap { index in
      [Int](repeating: lengths[..<index].reduce(0, +), count: lengths[index])
    }
    let ends = lengths.indices.flatMap { index in
      [Int](repeating: lengths[...index].reduce(0, +), count: lengths[index])
    }
    let ids = test.ints((0..<count).map { $0 * 7 % 11 })
    let targets = test.ints((0..<count).map { $0 % 3 == 2 ? -100 : $0 * 5 % 11 })
    let positions = test.ints(zip(0..<count, starts).map { $0 - $1 })
    let (keyStart, queryEnd) = (test.ints(starts), test.ints(ends))
    let keyEnd = test.ints((0..<count).map { $0 + 1 })
    let table = test.parameter(Shape([count, 4]), RoPETable.make(frequencies: [1, 0.1], positions: count))

    let embedding = test.parameter(11, 8)
    let norms = (0..<3).map { [test] _ in test.parameter(8) }
    let (queryWeight, keyWeight, valueWeight) = (test.parameter(8, 8), test.parameter(4, 8), test.parameter(4, 8))
    let (outputWeight, queryBias) = (test.parameter(8, 8), test.parameter(8))
    let (gateWeight, upWeight, downWeight) = (test.parameter(12, 8), test.parameter(12, 8), test.parameter(8, 12))
    parameters =
      [embedding] + norms
      + [queryWeight, queryBias, keyWeight, valueWeight, outputWeight, gateWeight, upWeight, downWeight]

    let x = embedding.embedding(ids)
    let normed = x.rmsNorm(norms[0], eps: 1e-5)
    let query = normed.linear(queryWeight).biased(by: queryBias)
    let attended = query.rope(table: table, positions: positions, headSize: 4).attention(
      keys: normed.linear(keyWeight).rope(table: table, positions: positions, headSize: 4),
      values: normed.linear(valueWeight), keyStart: keyStart, keyEnd: keyEnd, queryEnd: queryEnd, layout: layout)
    let h = x + attended.linear(outputWeight)
    let inner = h.rmsNorm(norms[1], eps: 1e-5)
    let y = h + inner.linear(gateWeight).gated(.silu, inner.linear(upWeight)).linear(downWeight)
    loss = y.rmsNorm(norms[2], eps: 1e-5).linearCrossEntropy(weight: embedding, targets: targets).sum
  }

  /// Records the backward pass; returns the parameters' gradients.
  package func differentiate(into gradients: [Tensor]? = nil) -> [Tensor] {
    test.graph.gradients(of: loss, with: parameters, into: gradients)
  }
}
