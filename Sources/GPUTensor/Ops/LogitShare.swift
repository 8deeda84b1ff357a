/// An adapter's share of logits, u·Bᵀ, which `LinearCrossEntropy` adds to x·Wᵀ: W + B·A is never stored.
///
/// Source: LoRA, arXiv:2106.09685.
package struct LogitShare {
  /// u = s·x·Aᵀ, [R, r].
  package let input: Tensor
  /// B, [V, r], float32.
  package let weight: Tensor

  package init(input: Tensor, weight: Tensor) {
    precondition(input.shape.columns == weight.shape.columns && weight.dtype == .float32, "a share of the logits")
    (self.input, self.weight) = (input, weight)
  }
}

/// One of the products that logits are the sum of: x·Wᵀ, W [V, C] in parts by rows, or a share u·Bᵀ, B [V, r] whole.
struct LogitTerm {
  /// Gradients that an op makes of a term's factors.
  struct Gradients: Hashable {
    var input: Bool
    var weight: Bool
  }

  /// The index of x, or u, among the op's inputs.
  let input: Int
  /// C, or r.
  let columns: Int
  /// The index of W's first part, or of B, among the op's inputs.
  let weight: Int
  /// True where the weight has an input for each part; false: it is one, of which a part's rows are a window.
  let isDivided: Bool
  let type: DType
  /// The outputs of the gradients of x, and of W's first part; nil: not made.
  fileprivate(set) var inputGradient: Int?
  fileprivate(set) var weightGradient: Int?

  /// The terms of an op with these inputs.
  ///
  /// - Parameters:
  ///   - firstPart: the index of W's first part.
  ///   - shareCount: shares, each with two inputs after W's parts.
  ///   - gradients: those that are made of each term: first of all inputs, then of all weights. Empty: none.
  static func all(
    _ inputs: [Shape], firstPart: Int, shareCount: Int, weightType: DType, gradients: [Gradients]
  ) -> [LogitTerm] {
    let firstShare = inputs.count - 2 * shareCount
    var terms = [
      LogitTerm(input: 0, columns: inputs[0].columns, weight: firstPart, isDivided: true, type: weightType)
    ]
    for index in stride(from: firstShare, to: inputs.count, by: 2) {
      terms.append(
        LogitTerm(input: index, columns: inputs[index].columns, weight: index + 1, isDivided: false, type: .float32))
    }
    // The sum and the rows' losses are the first two outputs.
    var output = 2
    for (index, wanted) in gradients.enumerated() where wanted.input {
      terms[index].inputGradient = output
      output += 1
    }
    for (index, wanted) in gradients.enumerated() where wanted.weight {
      terms[index].weightGradient = output
      output += terms[index].isDivided ? firstShare - firstPart : 1
    }
    return terms
  }

  /// The op's inputs whose gradients it makes, in the order of its outputs.
  static func differentiated(inputCount: Int, firstPart: Int, gradients: [Gradients]) -> [Int] {
    let firstShare = inputCount - 2 * (gradients.count - 1)
    let shares = stride(from: firstShare, to: inputCount, by: 2)
    let (inputs, weights) = ([0] + shares, [Array(firstPart..<firstShare)] + shares.map { [$0 + 1] })
    return zip(inputs, gradients).flatMap { $1.input ? [$0] : [] }
      + zip(weights, gradients).flatMap { $1.weight ? $0 : [] }
  }

  // Sizes of the three products for so many rows of the logits and of the weight: logits (NT), gradient of the input
  // (NN), gradient of the weight (TN).
  func sizes(rows: Int, partRows: Int) -> (logits: MatmulSize, input: MatmulSize, weight: MatmulSize) {
    (
      MatmulSize(m: rows, n: partRows, k: columns, transposeB: true), MatmulSize(m: rows, n: columns, k: partRows),
      MatmulSize(m: partRows, n: columns, k: rows, transposeA: true)
    )
  }
}
