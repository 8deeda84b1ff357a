/// A weight of the model: the key it has in Hugging Face's files, and its shape.
package struct ParameterDescription: Sendable, Equatable {
  /// The key, such as `model.layers.0.self_attn.q_proj.weight`.
  package let name: String
  /// Rows first: a matrix that maps in to out features is [out, in].
  package let shape: [Int]
  /// Rows of the parts of a fused matrix or of its bias, which the model uses one by one; empty: it is used whole.
  package let parts: [Int]

  /// A weight named `name`.
  package init(name: String, shape: [Int], parts: [Int] = []) {
    precondition(parts.isEmpty || parts.reduce(0, +) == shape[0], "parts \(parts) of \(name) \(shape)")
    self.name = name
    self.shape = shape
    self.parts = parts
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

/// Names of a block's norms by their places; nil: none stands there.
package struct BlockNorms: Sendable {
  package var beforeAttention: String?
  package var afterAttention: String?
  package var beforeFeedForward: String?
  package var afterFeedForward: String?

  /// The norms that are there, in the order of the diagram.
  var names: [String] {
    [beforeAttention, afterAttention, beforeFeedForward, afterFeedForward].compactMap { $0 }
  }
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
          ParameterDescription(
            name: LlamaParameterName.block(layer, parameter.name), shape: parameter.shape, parts: parameter.parts))
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
    func projection(_ name: String, _ outFeatures: [Int], _ inFeatures: Int, bias: Bool) {
      let (rows, parts) = (outFeatures.reduce(0, +), outFeatures.count > 1 ? outFeatures : [])
      list.append(ParameterDescription(name: name + ".weight", shape: [rows, inFeatures], parts: parts))
      if bias { list.append(ParameterDescription(name: name + ".bias", shape: [rows], parts: parts)) }
    }
    func vector(_ name: String, _ count: Int) {
      list.append(ParameterDescription(name: name + ".weight", shape: [count]))
    }
    let (inputBias, heads) = (attentionBias != .none, [queryWidth, keyValueWidth, keyValueWidth])
    if hasFusedProjections {
      projection("self_attn.qkv_proj", heads, hiddenSize, bias: inputBias)
    } else {
      for (name, width) in zip(["q", "k", "v"], heads) {
        projection("self_attn.\(name)_proj", [width], hiddenSize, bias: inputBias)
      }
    }
    projection("self_attn.o_proj", [hiddenSize], queryWidth, bias: attentionBias == .all)
    switch queryKeyNorm {
    case .none: break
    case .perHead: for name in ["q", "k"] { vector("self_attn.\(name)_norm", headDim) }
    case .overHeads: for (name, width) in zip(["q", "k"], heads) { vector("self_attn.\(name)_norm", width) }
    }
    if hasFusedProjections {
      projection("mlp.gate_up_proj", [intermediateSize, intermediateSize], hiddenSize, bias: mlpBias)
    } else {
      for name in ["gate", "up"] { projection("mlp.\(name)_proj", [intermediateSize], hiddenSize, bias: mlpBias) }
    }
    projection("mlp.down_proj", [hiddenSize], intermediateSize, bias: mlpBias)
    for name in blockNorms.names { vector(name, hiddenSize) }
    return list
  }

  /// Norms of a block, by their places in its diagram.
  package var blockNorms: BlockNorms {
    switch normPlacement {
    case .before: BlockNorms(beforeAttention: "input_layernorm", beforeFeedForward: "post_attention_layernorm")
    case .after: BlockNorms(afterAttention: "post_attention_layernorm", afterFeedForward: "post_feedforward_layernorm")
    case .around:
      BlockNorms(
        beforeAttention: "input_layernorm", afterAttention: "post_attention_layernorm",
        beforeFeedForward: "pre_feedforward_layernorm", afterFeedForward: "post_feedforward_layernorm")
    }
  }

  /// Numbers in all weights together; a tied output projection counts once.
  package var parameterCount: Int { parameters.reduce(0) { $0 + $1.elementCount } }
}
