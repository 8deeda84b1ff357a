extension LlamaConfiguration {
  /// The names that `preset` knows.
  package static let presetNames = [
    "tiny", "15M", "42M", "110M", "7B", "13B", "33B", "65B", "Llama-2-7B", "Llama-2-13B", "Llama-2-70B", "Llama-3-8B",
    "Llama-3-70B", "Llama-3.2-1B", "Llama-3.2-3B", "SmolLM2-135M", "SmolLM2-360M", "SmolLM2-1.7B", "TinyLlama-1.1B",
    "Mistral-7B", "Qwen2.5-0.5B", "Qwen2.5-1.5B", "Qwen2.5-7B", "Qwen3-0.6B", "Qwen3-1.7B", "Qwen3-4B", "Qwen3-8B",
    "SmolLM3-3B", "Granite-3.3-2B", "Gemma-3-1B",
  ]

  /// A shape by its name, for a model that starts from random weights or is only planned.
  ///
  /// `tiny` is for tests and demonstrations; `15M`, `42M` and `110M` are the shapes of llama2.c's story models; `7B` to `65B`
  /// those of LLaMA; the others those of the models they name.
  ///
  /// - Parameters:
  ///   - name: one of `presetNames`, in any case.
  ///   - vocabSize: tokens of the vocabulary; nil: the named model's own.
  /// - Returns: nil for a name that is not known.
  /// - Source: arXiv:2302.13971, table 2, for 7B to 65B.
  package static func preset(_ name: String, vocabSize: Int? = nil) -> LlamaConfiguration? {
    guard let known = presetNames.first(where: { $0.uppercased() == name.uppercased() }) else { return nil }
    var configuration = shape(known)
    if let vocabSize { configuration.vocabSize = vocabSize }
    return configuration
  }

  private static func shape(_ name: String) -> LlamaConfiguration {
    switch name {
    case "tiny":
      return LlamaConfiguration(
        hiddenSize: 64, intermediateSize: 176, numHiddenLayers: 4, numAttentionHeads: 4,
        numKeyValueHeads: 2, maxPositionEmbeddings: 512, rmsNormEps: 1e-5, tieWordEmbeddings: true)
    case "15M":
      return LlamaConfiguration(
        hiddenSize: 288, intermediateSize: 768, numHiddenLayers: 6, numAttentionHeads: 6,
        maxPositionEmbeddings: 256, rmsNormEps: 1e-5, tieWordEmbeddings: true)
    case "42M":
      return LlamaConfiguration(
        hiddenSize: 512, intermediateSize: 1376, numHiddenLayers: 8, numAttentionHeads: 8,
        maxPositionEmbeddings: 1024, rmsNormEps: 1e-5, tieWordEmbeddings: true)
    case "110M":
      return LlamaConfiguration(
        hiddenSize: 768, intermediateSize: 2048, numHiddenLayers: 12, numAttentionHeads: 12,
        maxPositionEmbeddings: 1024, rmsNormEps: 1e-5, tieWordEmbeddings: true)
    case "7B":
      return LlamaConfiguration()
    case "13B":
      return LlamaConfiguration(
        hiddenSize: 5120, intermediateSize: 13824, numHiddenLayers: 40, numAttentionHeads: 40)
    case "33B":
      return LlamaConfiguration(
        hiddenSize: 6656, intermediateSize: 17920, numHiddenLayers: 60, numAttentionHeads: 52)
    case "65B":
      return LlamaConfiguration(
        hiddenSize: 8192, intermediateSize: 22016, numHiddenLayers: 80, numAttentionHeads: 64,
        rmsNormEps: 1e-5)
    case "Llama-2-13B":
      return LlamaConfiguration(
        hiddenSize: 5120, intermediateSize: 13824, numHiddenLayers: 40, numAttentionHeads: 40,
        maxPositionEmbeddings: 4096, rmsNormEps: 1e-5)
    case "Llama-2-70B":
      return LlamaConfiguration(
        hiddenSize: 8192, intermediateSize: 28672, numHiddenLayers: 80, numAttentionHeads: 64, numKeyValueHeads: 8,
        maxPositionEmbeddings: 4096, rmsNormEps: 1e-5)
    case "Llama-3-8B":
      return LlamaConfiguration(
        vocabSize: 128256, intermediateSize: 14336, numKeyValueHeads: 8, maxPositionEmbeddings: 8192, rmsNormEps: 1e-5,
        ropeTheta: 500000)
    case "Llama-3-70B":
      return LlamaConfiguration(
        vocabSize: 128256, hiddenSize: 8192, intermediateSize: 28672, numHiddenLayers: 80, numAttentionHeads: 64,
        numKeyValueHeads: 8, maxPositionEmbeddings: 8192, rmsNormEps: 1e-5, ropeTheta: 500000)
    case "Llama-3.2-1B":
      return LlamaConfiguration(
        vocabSize: 128256, hiddenSize: 2048, intermediateSize: 8192, numHiddenLayers: 16, numKeyValueHeads: 8,
        maxPositionEmbeddings: 131072, rmsNormEps: 1e-5, ropeTheta: 500000, tieWordEmbeddings: true)
    case "Llama-3.2-3B":
      return LlamaConfiguration(
        vocabSize: 128256, hiddenSize: 3072, intermediateSize: 8192, numHiddenLayers: 28, numAttentionHeads: 24,
        numKeyValueHeads: 8, maxPositionEmbeddings: 131072, rmsNormEps: 1e-5, ropeTheta: 500000, tieWordEmbeddings: true
      )
    case "SmolLM2-135M":
      return LlamaConfiguration(
        vocabSize: 49152, hiddenSize: 576, intermediateSize: 1536, numHiddenLayers: 30, numAttentionHeads: 9,
        numKeyValueHeads: 3, maxPositionEmbeddings: 8192, rmsNormEps: 1e-5, ropeTheta: 100000, tieWordEmbeddings: true)
    case "SmolLM2-360M":
      return LlamaConfiguration(
        vocabSize: 49152, hiddenSize: 960, intermediateSize: 2560, numHiddenLayers: 32, numAttentionHeads: 15,
        numKeyValueHeads: 5, maxPositionEmbeddings: 8192, rmsNormEps: 1e-5, ropeTheta: 100000, tieWordEmbeddings: true)
    case "SmolLM2-1.7B":
      return LlamaConfiguration(
        vocabSize: 49152, hiddenSize: 2048, intermediateSize: 8192, numHiddenLayers: 24, maxPositionEmbeddings: 8192,
        rmsNormEps: 1e-5, ropeTheta: 130000, tieWordEmbeddings: true)
    case "TinyLlama-1.1B":
      return LlamaConfiguration(
        hiddenSize: 2048, intermediateSize: 5632, numHiddenLayers: 22, numKeyValueHeads: 4, rmsNormEps: 1e-5)
    case "Llama-2-7B":
      return LlamaConfiguration(maxPositionEmbeddings: 4096, rmsNormEps: 1e-5)
    default:
      return familyShape(name)
    }
  }
}
