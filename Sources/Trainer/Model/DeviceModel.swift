import GPUTensor

/// A model on a device: its weights, and the adapters that change what they do.
package struct DeviceModel {
  package let weights: LlamaWeights
  /// Adapters of earlier rounds that are kept beside the weights, frozen.
  package let frozen: [LoRAAdapter]
  /// The adapter that is trained, in place of the weights; nil: the weights are.
  package let adapter: LoRAAdapter?

  package init(_ weights: LlamaWeights, frozen: [LoRAAdapter] = [], adapter: LoRAAdapter? = nil) {
    self.weights = weights
    self.frozen = frozen
    self.adapter = adapter
  }

  package var configuration: LlamaConfiguration { weights.configuration }

  /// What a step trains.
  package var trained: ParameterSet { adapter?.parameters ?? weights.parameters }

  /// The model in a graph.
  ///
  /// - Parameters:
  ///   - training: whether the trained adapter drops inputs.
  ///   - recompute: what a backward pass makes again.
  package func llama(in graph: Graph, training: Bool = false, recompute: Llama.Recompute = .none) -> Llama {
    let adapters = frozen + (adapter.map { [$0] } ?? [])
    return Llama(configuration, recompute: recompute) {
      adapter?.variable(inPlaceOf: $0).map(graph.variable) ?? weights.tensor($0, in: graph)
    } adapted: { module, x, product, weight in
      adapters.reduce(product) { product, adapter in
        adapter.adapted(module, x, product, weight: weight, training: training)
      }
    }
  }
}
