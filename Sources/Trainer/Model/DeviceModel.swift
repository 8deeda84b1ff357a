import GPUTensor

/// A model on a device: its weights, and the adapters that change what they do.
package struct DeviceModel {
  package let weights: LlamaWeights
  /// The adapters of earlier rounds as one that is kept beside the weights, frozen.
  package let stacked: LoRAAdapter?
  /// The adapter that is trained, in place of the weights; nil: the weights are.
  package let adapter: LoRAAdapter?

  package init(_ weights: LlamaWeights, stacked: LoRAAdapter? = nil, adapter: LoRAAdapter? = nil) {
    self.weights = weights
    self.stacked = stacked
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
    Llama(configuration, recompute: recompute) {
      adapter?.parts(inPlaceOf: $0)?.map(graph.variable) ?? weights.tensors($0, in: graph)
    } adapted: { module, x, product, weight in
      adapter?.adapted(module, x, product, weight: weight, beside: stacked, training: training) ?? product
    }
  }
}
