/// A weight of the model: the key it has in Hugging Face's files, and its shape.
package struct ParameterDescription: Sendable, Equatable {
  /// The key, such as `model.layers.0.self_attn.q_proj.weight`.
  package let name: String
  /// Rows first: a matrix that maps in to out features is [out, in].
  package let shape: [Int]

  /// A weight named `name`.
  package init(name: String, shape: [Int]) {
    self.name = name
    self.shape = shape
  }

  /// Numbers in the weight.
  package var elementCount: Int { shape.reduce(1, *) }
}

/// Hugging Face's parameter keys.
package enum LlamaParameterName {
  /// The embedding, [V, C].
  package static let embedding = "model.embed_tokens.weight"
  /// The last norm, [C].
  package static let finalNorm = "model.norm.weight"
  /// The output projection, [V, C]; absent where it is the embedding.
  package static let output = "lm_head.weight"

  /// The matrices with a row for each token of the vocabulary, the only ones that may be divided: they are read by row,
  /// and their products are logits.
  package static let tables: Set<String> = [embedding, output]

  /// A weight of block `layer`, such as `self_attn.q_proj.weight`.
  package static func block(_ layer: Int, _ suffix: String) -> String { "model.layers.\(layer).\(suffix)" }
}

extension LlamaConfiguration {
  /// Every weight of the model in the order of Hugging Face's modules.
  ///
  /// Query and key matrices hold heads below one another, each in rotate-half order: row i of a head turns with row
  /// i + D/2.
  package var parameters: [ParameterDescription] {
    var list = [ParameterDescription(name: LlamaParameterName.embedding, shape: [vocabSize, hiddenSize])]
    list.reserveCapacity(numHiddenLayers * 16 + 3)
    let block = blockParameters
    for layer in 0..<numHiddenLayers {
      for parameter in block {
        list.append(
          ParameterDescription(name: LlamaParameterName.block(layer, parameter.name), shape: parameter.shape))
      }
    }
    list.append(ParameterDescription(name: LlamaParameterName.finalNorm, shape: [hiddenSize]))
    if !tieWordEmbeddings {
      list.append(ParameterDescription(name: LlamaParameterName.output, shape: [vocabSize, hiddenSize]))
    }
    return list
  }

  /// The weights of one block; names without the prefix `model.layers.N.`.
  package var blockParameters: [ParameterDescription] {
    var list: [ParameterDescription] = []
    func projection(_ name: String, _ outFeatures: Int, _ inFeatures: Int, bias: Bool) {
      list.append(ParameterDescription(name: name + ".weight", shape: [outFeatures, inFeatures]))
      if bias { list.append(ParameterDescription(name: name + ".bias", shape: [outFeatures])) }
    }
    projection("self_attn.q_proj", queryWidth, hiddenSize, bias: attentionBias)
    projection("self_attn.k_proj", keyValueWidth, hiddenSize, bias: attentionBias)
    projection("self_attn.v_proj", keyValueWidth, hiddenSize, bias: attentionBias)
    projection("self_attn.o_proj", hiddenSize, queryWidth, bias: attentionBias)
    projection("mlp.gate_proj", intermediateSize, hiddenSize, bias: mlpBias)
    projection("mlp.up_proj", intermediateSize, hiddenSize, bias: mlpBias)
    projection("mlp.down_proj", hiddenSize, intermediateSize, bias: mlpBias)
    list.append(ParameterDescription(name: "input_layernorm.weight", shape: [hiddenSize]))
    list.append(ParameterDescription(name: "post_attention_layernorm.weight", shape: [hiddenSize]))
    return list
  }

  /// Numbers in all weights together; a tied output projection counts once.
  package var parameterCount: Int { parameters.reduce(0) { $0 + $1.elementCount } }
}
