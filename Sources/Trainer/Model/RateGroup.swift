/// The learning rate that a parameter takes: the step's, or under LoRA+ one of its own (arXiv:2402.12354).
package enum RateGroup: Sendable, CaseIterable {
  /// The step's rate: of A, and of matrices that are trained themselves.
  case common
  /// That of B and of vectors.
  case outputs
  /// That of the embedding's adapter.
  case embedding
}
