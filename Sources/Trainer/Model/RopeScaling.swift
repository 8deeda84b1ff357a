/// How rotary frequencies are stretched for contexts longer than those of the training, as in config.json's
/// `rope_scaling`.
package enum RopeScaling: Sendable, Equatable {
  /// Frequencies as they are (`default`).
  case none
  /// Every position divided by `factor`.
  case linear(factor: Double)
  /// Llama 3.1: low frequencies divided by `factor`, high ones kept, those between interpolated; the borders are
  /// wavelengths of `originalMaxPositionEmbeddings` over the two frequency factors.
  case llama3(
    factor: Double, lowFreqFactor: Double, highFreqFactor: Double, originalMaxPositionEmbeddings: Int)
}
