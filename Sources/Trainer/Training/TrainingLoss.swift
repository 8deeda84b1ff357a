import GPUTensor

/// The quantity that a step makes smaller: a function of the model and the rows of a micro-batch to one number.
package struct TrainingLoss: Sendable {
  /// A micro-batch in the graph of a step.
  package struct Batch {
    package let rows: RowTensors
    /// Weights of the rows in the loss, [R, 1]; nil: 1.
    package let weights: Tensor?
    package let rope: RopeTables
  }

  /// Records the sum over the micro-batch, [1]. The gradient starts from this sum times the loss scale of the replay: 1
  /// over the sum of the weights of the step's supervised tokens.
  package let record: @Sendable (Llama, Batch) -> Tensor

  package init(_ record: @escaping @Sendable (Llama, Batch) -> Tensor) {
    self.record = record
  }

  /// Σ w · −ln p(target) over the rows that have a target. A step's mean is that over Σ w: the weighted mean of PyTorch's
  /// `cross_entropy` with `weight` and `reduction="mean"`.
  package static let crossEntropy = TrainingLoss { llama, batch in
    // Logits are made only for the rows that are to predict something: prompts have none.
    let selection = batch.rows.ids.graph.selectTargets(batch.rows.targets)
    let hidden = llama.hidden(batch.rows, of: selection.rows, rope: batch.rope)
    return hidden.linearCrossEntropy(
      weight: llama.outputWeight, shares: llama.logitShares(hidden), targets: selection.targets,
      rowWeights: batch.weights.map { $0.embedding(selection.rows) }, softCap: llama.logitSoftCap
    ).sum
  }
}
