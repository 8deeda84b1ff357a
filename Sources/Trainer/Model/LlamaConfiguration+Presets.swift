extension LlamaConfiguration {
  /// The names that `preset` knows.
  package static let presetNames = ["tiny", "15M", "110M", "7B", "13B", "33B", "65B"]

  /// A shape known by name, for a model that starts from nothing or that is only planned.
  ///
  /// `tiny` is for tests and demonstrations; `15M` and `110M` are the shapes of llama2.c's story models; `7B` to `65B`
  /// those of LLaMA.
  ///
  /// - Parameters:
  ///   - name: one of `presetNames`, in any case.
  ///   - vocabSize: tokens of the vocabulary; 32,000 where nil.
  /// - Returns: nil for a name that is not known.
  /// - Source: arXiv:2302.13971, table 2, for 7B to 65B.
  package static func preset(_ name: String, vocabSize: Int? = nil) -> LlamaConfiguration? {
    let vocabulary = vocabSize ?? 32000
    switch name.uppercased() {
    case "TINY":
      return LlamaConfiguration(
        vocabSize: vocabulary, hiddenSize: 64, intermediateSize: 176, numHiddenLayers: 4, numAttentionHeads: 4,
        numKeyValueHeads: 2, maxPositionEmbeddings: 512, rmsNormEps: 1e-5, tieWordEmbeddings: true)
    case "15M":
      return LlamaConfiguration(
        vocabSize: vocabulary, hiddenSize: 288, intermediateSize: 768, numHiddenLayers: 6, numAttentionHeads: 6,
        maxPositionEmbeddings: 256, rmsNormEps: 1e-5, tieWordEmbeddings: true)
    case "110M":
      return LlamaConfiguration(
        vocabSize: vocabulary, hiddenSize: 768, intermediateSize: 2048, numHiddenLayers: 12, numAttentionHeads: 12,
        maxPositionEmbeddings: 1024, rmsNormEps: 1e-5, tieWordEmbeddings: true)
    case "7B":
      return LlamaConfiguration(vocabSize: vocabulary)
    case "13B":
      return LlamaConfiguration(
        vocabSize: vocabulary, hiddenSize: 5120, intermediateSize: 13824, numHiddenLayers: 40, numAttentionHeads: 40)
    case "33B":
      return LlamaConfiguration(
        vocabSize: vocabulary, hiddenSize: 6656, intermediateSize: 17920, numHiddenLayers: 60, numAttentionHeads: 52)
    case "65B":
      return LlamaConfiguration(
        vocabSize: vocabulary, hiddenSize: 8192, intermediateSize: 22016, numHiddenLayers: 80, numAttentionHeads: 64,
        rmsNormEps: 1e-5)
    default:
      return nil
    }
  }
}
