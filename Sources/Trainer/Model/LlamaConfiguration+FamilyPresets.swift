extension LlamaConfiguration {
  /// Shapes of models from other families than LLaMA's own, by their names.
  static func familyShape(_ name: String) -> LlamaConfiguration {
    switch name {
    case "Mistral-7B":  // version 0.3, without a window
      ModelFamily.mistral.configuration {
        $0.setSizes(vocabulary: 32768, width: 4096, feedForward: 14336, layers: 32, heads: 32, keyValueHeads: 8)
        ($0.maxPositionEmbeddings, $0.rmsNormEps, $0.ropeTheta) = (32768, 1e-5, 1_000_000)
        $0.slidingWindow = nil
      }.withoutUnusedWindow
    case "Qwen2.5-0.5B": qwen2(width: 896, feedForward: 4864, layers: 24, heads: 14, keyValueHeads: 2)
    case "Qwen2.5-1.5B": qwen2(width: 1536, feedForward: 8960, layers: 28, heads: 12, keyValueHeads: 2)
    case "Qwen2.5-7B":
      qwen2(vocabulary: 152064, width: 3584, feedForward: 18944, layers: 28, heads: 28, keyValueHeads: 4, ties: false)
    case "Qwen3-0.6B": qwen3(width: 1024, feedForward: 3072, layers: 28, heads: 16)
    case "Qwen3-1.7B": qwen3(width: 2048, feedForward: 6144, layers: 28, heads: 16)
    case "Qwen3-4B": qwen3(width: 2560, feedForward: 9728, layers: 36, heads: 32)
    case "Qwen3-8B": qwen3(width: 4096, feedForward: 12288, layers: 36, heads: 32, ties: false)
    case "SmolLM3-3B":
      ModelFamily.smolLM3.configuration {
        $0.setSizes(vocabulary: 128256, width: 2048, feedForward: 11008, layers: 36, heads: 16, keyValueHeads: 4)
        ($0.maxPositionEmbeddings, $0.ropeTheta) = (65536, 5_000_000)
      }
    case "Granite-3.3-2B":
      ModelFamily.granite.configuration {
        $0.setSizes(vocabulary: 49159, width: 2048, feedForward: 8192, layers: 40, heads: 32, keyValueHeads: 8)
        ($0.maxPositionEmbeddings, $0.rmsNormEps, $0.ropeTheta) = (131072, 1e-5, 10_000_000)
        $0.tieWordEmbeddings = true
        ($0.embeddingMultiplier, $0.residualMultiplier, $0.logitsScaling) = (12, 0.22, 8)
        $0.attentionScale = 1.0 / 64
      }
    default:  // Gemma-3-1B
      ModelFamily.gemma3.configuration {
        $0.setSizes(
          vocabulary: 262144, width: 1152, feedForward: 6912, layers: 26, heads: 4, keyValueHeads: 1, headDim: 256)
        ($0.maxPositionEmbeddings, $0.slidingWindow) = (32768, 512)
      }
    }
  }

  private static func qwen2(
    vocabulary: Int = 151936, width: Int, feedForward: Int, layers: Int, heads: Int, keyValueHeads: Int,
    ties: Bool = true
  ) -> LlamaConfiguration {
    ModelFamily.qwen2.configuration {
      $0.setSizes(
        vocabulary: vocabulary, width: width, feedForward: feedForward, layers: layers, heads: heads,
        keyValueHeads: keyValueHeads)
      ($0.ropeTheta, $0.tieWordEmbeddings, $0.eosTokenIDs) = (1_000_000, ties, [151643])
    }
  }

  private static func qwen3(
    width: Int, feedForward: Int, layers: Int, heads: Int, ties: Bool = true
  ) -> LlamaConfiguration {
    ModelFamily.qwen3.configuration {
      $0.setSizes(
        vocabulary: 151936, width: width, feedForward: feedForward, layers: layers, heads: heads, keyValueHeads: 8,
        headDim: 128)
      ($0.ropeTheta, $0.tieWordEmbeddings, $0.eosTokenIDs) = (1_000_000, ties, [151643])
      $0.maxPositionEmbeddings = 40960
    }
  }

  /// - Parameter headDim: nil: `width / heads`.
  private mutating func setSizes(
    vocabulary: Int, width: Int, feedForward: Int, layers: Int, heads: Int, keyValueHeads: Int, headDim: Int? = nil
  ) {
    (vocabSize, hiddenSize, intermediateSize, numHiddenLayers) = (vocabulary, width, feedForward, layers)
    (numAttentionHeads, numKeyValueHeads, self.headDim) = (heads, keyValueHeads, headDim ?? width / heads)
  }

  private var withoutUnusedWindow: LlamaConfiguration {
    var model = self
    model.clearUnusedWindow()
    return model
  }
}
