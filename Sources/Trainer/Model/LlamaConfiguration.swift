import GPUTensor

/// Sizes and constants of a LLaMA or of a model that differs from it by what stands here, named as in Hugging Face's
/// config.json.
package struct LlamaConfiguration: Sendable, Equatable {
  /// The family, which gives names to the model in files.
  package var family = ModelFamily.llama
  /// Tokens in the vocabulary, V.
  package var vocabSize: Int
  /// Width of the residual stream, C.
  package var hiddenSize: Int
  /// Width of the feed-forward layer, F.
  package var intermediateSize: Int
  /// Number of blocks.
  package var numHiddenLayers: Int
  /// Query heads, H.
  package var numAttentionHeads: Int
  /// Key and value heads, HKV: each serves H / HKV query heads.
  package var numKeyValueHeads: Int
  /// Width of a head, D; H * D need not be C.
  package var headDim: Int
  /// Longest context, in tokens.
  package var maxPositionEmbeddings: Int
  /// Epsilon of RMSNorm, added to the mean square under the root.
  package var rmsNormEps: Double
  /// The base of the rotary frequencies.
  package var ropeTheta: Double
  /// Scaling of the rotary frequencies.
  package var ropeScaling: RopeScaling
  /// True where the output projection is the embedding's matrix.
  package var tieWordEmbeddings: Bool
  /// The projections of attention that have biases.
  package var attentionBias: AttentionBias
  /// True where the gate, up and down projections have biases.
  package var mlpBias: Bool
  /// The token that starts a text. Special token ids are taken as the model's files give them, as transformers does: an
  /// id of V or more never occurs.
  package var bosTokenID: Int?
  /// The tokens that end a text; any of them stops generation.
  package var eosTokenIDs: [Int]
  /// The token that pads sequences, if the model names one.
  package var padTokenID: Int?
  /// Standard deviation of new weights.
  package var initializerRange: Double

  // MARK: - Differences from LLaMA

  /// Places of a block's norms.
  package var normPlacement = NormPlacement.before
  /// The number that is added to a norm's stored weight: 1 in Gemma, whose weights are stored around 0.
  package var normWeightOffset = 0.0
  /// RMSNorm of queries and keys before they are turned.
  package var queryKeyNorm = QueryKeyNorm.none
  /// Activation of the feed-forward layer's gate.
  package var activation = Activation.silu
  /// True where query, key and value projections are one matrix, and gate and up projections another (Phi-3).
  package var hasFusedProjections = false
  /// Columns of a head that are turned, from the first; nil: all.
  package var rotaryDim: Int?
  /// Indices of the layers whose queries and keys are not turned (SmolLM3).
  package var unrotatedLayers: Set<Int> = []
  /// Positions that a windowed layer sees: its own and those before it.
  package var slidingWindow: Int?
  /// Indices of the layers whose attention is limited to the window.
  package var windowedLayers: Set<Int> = []
  /// The rotary embedding of windowed layers; nil: that of the others.
  package var windowRope: RotaryEmbedding?
  /// Factor of the products of queries and keys; nil: 1 / √D.
  package var attentionScale: Double?
  /// Bound of the scores: s becomes cap · tanh(s / cap) (Gemma 2); nil: none.
  package var attentionSoftCap: Double?
  /// Bound of the logits, likewise; nil: none.
  package var logitSoftCap: Double?
  /// Factor of the embeddings (Granite, Gemma).
  package var embeddingMultiplier = 1.0
  /// Factor of both halves of a block before they are added to the residual stream (Granite).
  package var residualMultiplier = 1.0
  /// The number by which logits are divided (Granite).
  package var logitsScaling = 1.0

  /// A configuration with transformers' defaults for missing keys.
  ///
  /// - Parameters:
  ///   - numKeyValueHeads: nil: as many as query heads.
  ///   - headDim: nil: `hiddenSize / numAttentionHeads`.
  package init(
    vocabSize: Int = 32000,
    hiddenSize: Int = 4096,
    intermediateSize: Int = 11008,
    numHiddenLayers: Int = 32,
    numAttentionHeads: Int = 32,
    numKeyValueHeads: Int? = nil,
    headDim: Int? = nil,
    maxPositionEmbeddings: Int = 2048,
    rmsNormEps: Double = 1e-6,
    ropeTheta: Double = 10000,
    ropeScaling: RopeScaling = .none,
    tieWordEmbeddings: Bool = false,
    attentionBias: AttentionBias = .none,
    mlpBias: Bool = false,
    bosTokenID: Int? = 1,
    eosTokenIDs: [Int] = [2],
    padTokenID: Int? = nil,
    initializerRange: Double = 0.02
  ) {
    self.vocabSize = vocabSize
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    self.numHiddenLayers = numHiddenLayers
    self.numAttentionHeads = numAttentionHeads
    self.numKeyValueHeads = numKeyValueHeads ?? numAttentionHeads
    // A file may give 0 heads: `validate` refuses them later, so do not trap here.
    self.headDim = headDim ?? (numAttentionHeads > 0 ? hiddenSize / numAttentionHeads : 0)
    self.maxPositionEmbeddings = maxPositionEmbeddings
    self.rmsNormEps = rmsNormEps
    self.ropeTheta = ropeTheta
    self.ropeScaling = ropeScaling
    self.tieWordEmbeddings = tieWordEmbeddings
    self.attentionBias = attentionBias
    self.mlpBias = mlpBias
    self.bosTokenID = bosTokenID
    self.eosTokenIDs = eosTokenIDs
    self.padTokenID = padTokenID
    self.initializerRange = initializerRange
  }

  /// Width of all query heads together, H * D.
  package var queryWidth: Int { numAttentionHeads * headDim }

  /// Width of all key (or value) heads together, HKV * D.
  package var keyValueWidth: Int { numKeyValueHeads * headDim }

  /// The rotary embedding of the layers that are not windowed.
  package var rope: RotaryEmbedding { RotaryEmbedding(theta: ropeTheta, scaling: ropeScaling) }

  /// The window, where a layer has one.
  package var usedWindow: Int? { windowedLayers.isEmpty ? nil : slidingWindow }

  /// The window, where a layer has one and a sequence of up to `positions` tokens can be longer.
  package func window(within positions: Int) -> Int? { usedWindow.flatMap { $0 < positions ? $0 : nil } }

  /// Takes away what is left of windows where no layer has one: files name a window without layers, or layers without a
  /// window.
  package mutating func clearUnusedWindow() {
    guard usedWindow == nil else { return }
    (slidingWindow, windowedLayers, windowRope) = (nil, [], nil)
  }

  /// Positions that layer `layer` sees at most; nil: all of those before it.
  package func window(ofLayer layer: Int) -> Int? { windowedLayers.contains(layer) ? slidingWindow : nil }
}

/// The projections of attention that have biases.
package enum AttentionBias: Sendable, Equatable {
  case none
  /// Queries, keys and values (Qwen2).
  case queryKeyValue
  /// Queries, keys, values and the output.
  case all
}

/// Places of a block's norms, where f is attention or the feed-forward layer.
package enum NormPlacement: Sendable, Equatable {
  /// x + f(norm(x)): LLaMA's.
  case before
  /// x + norm(f(x)): OLMo 2's (arXiv:2501.00656, section 3).
  case after
  /// x + norm(f(norm(x))): Gemma 2's and 3's (arXiv:2408.00118, section 2).
  case around
}

/// RMSNorm of queries and keys (arXiv:2302.05442).
package enum QueryKeyNorm: Sendable, Equatable {
  case none
  /// Of each head by itself, with a weight [D] for all (Qwen3, Gemma 3).
  case perHead
  /// Of all heads together, with a weight as wide as they are (OLMo 2).
  case overHeads
}
