/// The shape and the constants of a LLaMA, named as in Hugging Face's config.json.
package struct LlamaConfiguration: Sendable, Equatable {
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
  /// The constant under the root of RMSNorm.
  package var rmsNormEps: Double
  /// The base of the rotary frequencies.
  package var ropeTheta: Double
  /// How the rotary frequencies are stretched.
  package var ropeScaling: RopeScaling
  /// Whether the output projection is the embedding's matrix.
  package var tieWordEmbeddings: Bool
  /// Whether the query, key, value and output projections have biases.
  package var attentionBias: Bool
  /// Whether the gate, up and down projections have biases.
  package var mlpBias: Bool
  /// The token that starts a text. This and the ids below are taken as the model's files give them, as transformers
  /// does: one at or above V names a token that never occurs.
  package var bosTokenID: Int?
  /// The tokens that end a text; any of them stops generation.
  package var eosTokenIDs: [Int]
  /// The token that fills rows, if the model names one.
  package var padTokenID: Int?
  /// Standard deviation of fresh weights.
  package var initializerRange: Double

  /// A configuration with the defaults that transformers has for a missing key.
  ///
  /// - Parameters:
  ///   - numKeyValueHeads: as many as query heads where nil.
  ///   - headDim: `hiddenSize / numAttentionHeads` where nil.
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
    attentionBias: Bool = false,
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
    // Heads may be 0 when they come from a file: `validate` says so later, this must not trap.
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
}
