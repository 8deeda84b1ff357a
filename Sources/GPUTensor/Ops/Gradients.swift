extension Graph {
  /// Reverse-mode differentiation: records the backward nodes in this graph.
  ///
  /// - Parameters:
  ///   - loss: a value whose gradient is 1, where its op supports being the root (`LinearCrossEntropy`); else any
  ///     value, with its gradient in `seed`.
  ///   - parameters: the tensors to differentiate with respect to.
  ///   - gradients: variables for the parameters' gradients, overwritten in a step's first micro-batch and added to in
  ///     the later ones; nil: new values.
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
