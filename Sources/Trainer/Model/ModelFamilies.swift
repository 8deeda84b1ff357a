/// The families that are known. Defaults are those of the classes in transformers 4.57 and 5.
extension ModelFamily {
  /// All families, each with a test of its own.
  package static let all: [ModelFamily] = [
    llama, mistral, qwen2, qwen3, smolLM3, granite, olmo2, phi3, gemma2, gemma3,
  ]

  /// LLaMA 1 to 3, and what is saved under its name: TinyLlama, SmolLM2, R1's LLaMA distills.
  package static let llama = ModelFamily(
    modelType: "llama", className: "LlamaForCausalLM", ggufArchitecture: "llama", isInterleavedInGGUF: true,
    keys: [.attentionBias, .mlpBias]
  ) { _ in }

  /// Mistral 7B, Nemo, Small: a sliding window, or none (arXiv:2310.06825); with `layer_types`, in some layers, as
  /// transformers reads a Ministral.
  package static let mistral = ModelFamily(
    modelType: "mistral", className: "MistralForCausalLM", ggufArchitecture: "llama", isInterleavedInGGUF: true,
    keyValueHeads: 8, keys: [.slidingWindow, .layerTypes]
  ) {
    ($0.intermediateSize, $0.maxPositionEmbeddings) = (14336, 131072)
    $0.slidingWindow = 4096
  } derived: {
    $0.windowedLayers = Set(0..<$0.numHiddenLayers)
  }

  /// Qwen2 and 2.5, and R1's Qwen distills: biases on queries, keys and values (arXiv:2407.10671).
  package static let qwen2 = ModelFamily(
    modelType: "qwen2", className: "Qwen2ForCausalLM", ggufArchitecture: "qwen2", keyValueHeads: 32,
    keys: [.slidingWindow, .useSlidingWindow, .maxWindowLayers, .layerTypes]
  ) {
    ($0.vocabSize, $0.intermediateSize, $0.maxPositionEmbeddings) = (151936, 22016, 32768)
    ($0.bosTokenID, $0.eosTokenIDs) = (nil, [])
    $0.attentionBias = .queryKeyValue
  }

  /// Qwen3: queries and keys are normalised head by head (arXiv:2505.09388).
  package static let qwen3 = ModelFamily(
    modelType: "qwen3", className: "Qwen3ForCausalLM", ggufArchitecture: "qwen3", headDim: 128,
    keyValueHeads: 32, keys: [.attentionBias, .slidingWindow, .useSlidingWindow, .maxWindowLayers, .layerTypes]
  ) {
    ($0.vocabSize, $0.intermediateSize, $0.maxPositionEmbeddings) = (151936, 22016, 32768)
    ($0.bosTokenID, $0.eosTokenIDs) = (nil, [])
    $0.queryKeyNorm = .perHead
  }

  /// SmolLM3: every fourth layer is not turned (arXiv:2501.18795).
  package static let smolLM3 = ModelFamily(
    modelType: "smollm3", className: "SmolLM3ForCausalLM", ggufArchitecture: "smollm3", isInterleavedInGGUF: true,
    keyValueHeads: 4,
    keys: [
      .attentionBias, .mlpBias, .noRopeLayers, .noRopeLayerInterval, .slidingWindow, .useSlidingWindow, .layerTypes,
    ]
  ) {
    ($0.vocabSize, $0.hiddenSize, $0.intermediateSize, $0.numHiddenLayers) = (128256, 2048, 11008, 36)
    $0.numAttentionHeads = 16
    ($0.maxPositionEmbeddings, $0.ropeTheta, $0.tieWordEmbeddings) = (32768, 2_000_000, true)
    ($0.bosTokenID, $0.eosTokenIDs, $0.padTokenID) = (128000, [128001], 128004)
  } derived: {
    $0.unrotatedLayers = $0.everyLayer(4)
  }

  /// Granite 3: factors of embeddings, residuals, scores and logits (muP, arXiv:2203.03466).
  package static let granite = ModelFamily(
    modelType: "granite", className: "GraniteForCausalLM", ggufArchitecture: "granite", isInterleavedInGGUF: true,
    keys: [.attentionBias, .mlpBias, .embeddingMultiplier, .residualMultiplier, .attentionMultiplier, .logitsScaling]
  ) {
    $0.attentionScale = 1
  }

  /// OLMo 2: norms after attention and feed-forward, and of all queries and keys (arXiv:2501.00656).
  package static let olmo2 = ModelFamily(
    modelType: "olmo2", className: "Olmo2ForCausalLM", ggufArchitecture: "olmo2", keys: [.attentionBias]
  ) {
    ($0.vocabSize, $0.rmsNormEps) = (50304, 1e-5)
    ($0.bosTokenID, $0.eosTokenIDs, $0.padTokenID) = (nil, [50279], 1)
    $0.normPlacement = .after
    $0.queryKeyNorm = .overHeads
  }

  /// Phi-3, 3.5 and Phi-4-mini: fused projections, a window, rotation of a part of a head, LongRoPE
  /// (arXiv:2404.14219).
  package static let phi3 = ModelFamily(
    modelType: "phi3", className: "Phi3ForCausalLM", ggufArchitecture: "phi3",
    keys: [.slidingWindow, .partialRotaryFactor, .originalMaxPositionEmbeddings]
  ) {
    ($0.vocabSize, $0.hiddenSize, $0.intermediateSize, $0.maxPositionEmbeddings) = (32064, 3072, 8192, 4096)
    $0.rmsNormEps = 1e-5
    ($0.bosTokenID, $0.eosTokenIDs, $0.padTokenID) = (1, [32000], 32000)
    $0.hasFusedProjections = true
  } derived: {
    $0.windowedLayers = Set(0..<$0.numHiddenLayers)
  }

  /// Gemma 2: norms around both halves, soft caps, a window in every other layer (arXiv:2408.00118).
  package static let gemma2 = ModelFamily(
    modelType: "gemma2", className: "Gemma2ForCausalLM", ggufArchitecture: "gemma2", headDim: 256,
    keyValueHeads: 4, keys: gemmaKeys.union([.attnLogitSoftcapping])
  ) {
    ($0.vocabSize, $0.hiddenSize, $0.intermediateSize, $0.numHiddenLayers) = (256000, 2304, 9216, 26)
    ($0.numAttentionHeads, $0.maxPositionEmbeddings) = (8, 8192)
    ($0.bosTokenID, $0.eosTokenIDs, $0.padTokenID) = (2, [1], 0)
    ($0.attentionSoftCap, $0.logitSoftCap) = (50, 30)
    $0.setWhatGemmasShare()
  } derived: {
    $0.embeddingMultiplier = Double($0.hiddenSize).squareRoot()
    $0.windowedLayers = $0.layers(exceptEvery: 2)
  }

  /// Gemma 3's text models: norms of queries and keys, windows in five layers of six (arXiv:2503.19786).
  package static let gemma3 = ModelFamily(
    modelType: "gemma3_text", className: "Gemma3ForCausalLM", ggufArchitecture: "gemma3", headDim: 256,
    keyValueHeads: 4, keys: gemmaKeys.union([.ropeLocalBaseFreq, .slidingWindowPattern])
  ) {
    ($0.vocabSize, $0.hiddenSize, $0.intermediateSize, $0.numHiddenLayers) = (262208, 2304, 9216, 26)
    ($0.numAttentionHeads, $0.maxPositionEmbeddings) = (8, 131072)
    ($0.bosTokenID, $0.eosTokenIDs, $0.padTokenID) = (2, [1], 0)
    $0.ropeTheta = 1_000_000
    $0.windowRope = RotaryEmbedding(theta: 10000)
    $0.queryKeyNorm = .perHead
    $0.setWhatGemmasShare()
  } derived: {
    $0.embeddingMultiplier = Double($0.hiddenSize).squareRoot()
    $0.windowedLayers = $0.layers(exceptEvery: 6)
  }

  private static let gemmaKeys: Set<VariantKey> = [
    .attentionBias, .slidingWindow, .layerTypes, .queryPreAttnScalar, .finalLogitSoftcapping, .hiddenActivation,
  ]
}

extension LlamaConfiguration {
  /// Indices of every `interval`-th layer: the last of each `interval` layers.
  package func everyLayer(_ interval: Int) -> Set<Int> {
    Set((0..<numHiddenLayers).filter { ($0 + 1).isMultiple(of: interval) })
  }

  /// Indices of the other layers.
  package func layers(exceptEvery interval: Int) -> Set<Int> {
    Set(0..<numHiddenLayers).subtracting(everyLayer(interval))
  }

  /// Sets what Gemma 2 and 3 share; their scores are divided by √256 where a file does not say otherwise.
  fileprivate mutating func setWhatGemmasShare() {
    slidingWindow = 4096
    tieWordEmbeddings = true
    normPlacement = .around
    normWeightOffset = 1
    activation = .geluTanh
    attentionScale = 1 / 16
  }
}
