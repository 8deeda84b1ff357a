/// Sizes and constants of a LLaMA, named as in Hugging Face's config.json.
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
  /// Epsilon of RMSNorm, added to the mean square under the root.
  package var rmsNormEps: Double
  /// The base of the rotary frequencies.
  package var ropeTheta: Double
  /// Scaling of the rotary frequencies.
  package var ropeScaling: RopeScaling
  /// True where the output projection is the embedding's matrix.
  package var tieWordEmbeddings: Bool
  /// True where the query, key, value and output projections have biases.
  package var attentionBias: Bool
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
}
