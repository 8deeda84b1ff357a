import GPUTensor

/// A model on a device: its weights and its adapters.
package struct DeviceModel {
  package let weights: LlamaWeights
  /// The adapters of earlier rounds as one, frozen beside the weights; nil: none.
  package let stacked: LoRAAdapter?
  /// The adapter that is trained in place of the weights; nil: the weights are trained.
  package let adapter: LoRAAdapter?

  package init(_ weights: LlamaWeights, stacked: LoRAAdapter? = nil, adapter: LoRAAdapter? = nil) {
    self.weights = weights
    self.stacked = stacked
    self.adapter = adapter
  }

  package var configuration: LlamaConfiguration { weights.configuration }

  /// The parameters that a step trains.
  package var trained: ParameterSet { adapter?.parameters ?? weights.parameters }

  /// The model in a graph.
  ///
  /// - Parameters:
  ///   - training: true: the adapter's dropout applies.
  ///   - recompute: activations that the backward pass recomputes.
  package func llama(in graph: Graph, training: Bool = false, recompute: Llama.Recompute = .none) -> Llama {
    Llama(configuration, recompute: recompute) {
      adapter?.parts(inPlaceOf: $0)?.map(graph.variable) ?? weights.tensors($0, in: graph)
    } adapted: { module, x, products, weights in
      adapter?.adapted(module, x, products, weights: weights, beside: stacked, training: training) ?? products
    } shares: { hidden in
      let weight = configuration.tieWordEmbeddings ? LlamaParameterName.embedding : LlamaParameterName.output
      return adapter?.logitShares(
        hidden, weight: weight, table: { weights.tensors($0, in: graph) }, beside: stacked, training: training) ?? []
    }
  }
}
