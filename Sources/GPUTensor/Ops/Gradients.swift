extension Graph {
  /// Reverse-mode differentiation: adds the backward nodes to this graph.
  ///
  /// - Parameters:
  ///   - loss: a value whose gradient is 1. Its op knows that it is the root (see `LinearCrossEntropy`), or `seed` gives
  ///     the gradient to start from.
  ///   - parameters: the tensors to differentiate by.
  ///   - gradients: where to leave each parameter's gradient; their old contents are overwritten in a step's first
  ///     micro-batch and added to in those that follow. Without it, new values are made.
  /// - Returns: the gradients, in the order of `parameters`.
  package func gradients(
    of loss: Tensor, with parameters: [Tensor], into gradients: [Tensor]? = nil, seed: Tensor? = nil
  ) -> [Tensor] {
    let pass = BackwardPass(
      graph: self, parameters: parameters, gradients: gradients, adding: Accumulate(), copying: Scale(factor: 1))
    if let seed { pass.start(loss, seed: seed) } else { pass.start(loss) }
    pass.run()
    return parameters.map { parameter in
      guard let gradient = pass.gradients[parameter.id] else {
        preconditionFailure("the loss does not depend on \(values[parameter.id].name)")
      }
      return gradient
    }
  }
}
