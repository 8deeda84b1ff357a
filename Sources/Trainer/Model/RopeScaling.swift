import Foundation

/// How rotary frequencies are stretched for contexts longer than those of the training, as in config.json's
/// `rope_scaling`.
package enum RopeScaling: Sendable, Equatable {
  /// Frequencies as they are (`default`).
  case none
  /// Every position divided by `factor`.
  case linear(factor: Double)
  /// NTK-aware, by a base that grows with the text once it is longer than `max_position_embeddings`; up to there, which
  /// is as long as a text may be here, frequencies as they are.
  case dynamic(factor: Double)
  /// Low frequencies divided by `factor`, high ones kept, those between interpolated, and all scores sharpened.
  case yarn(YarnScaling)
  /// Llama 3.1: low frequencies divided by `factor`, high ones kept, those between interpolated; the borders are
  /// wavelengths of `originalMaxPositionEmbeddings` over the two frequency factors.
  case llama3(
    factor: Double, lowFreqFactor: Double, highFreqFactor: Double, originalMaxPositionEmbeddings: Int)
}

/// The constants of YaRN.
///
/// - Source: arXiv:2309.00071, sections 3.2 and 3.4.
package struct YarnScaling: Sendable, Equatable {
  /// How many times longer the context is than that of the training.
  package var factor: Double
  /// The context of the training, in tokens.
  package var originalMaxPositionEmbeddings: Int
  /// Frequencies that turn at least so often within that context are kept.
  package var betaFast: Double
  /// Frequencies that turn at most so often within that context are divided by `factor`.
  package var betaSlow: Double
  /// What cosines and sines are multiplied by.
  package var attentionFactor: Double
  /// Whether the borders between those frequencies are rounded to whole numbers of pairs.
  package var truncate: Bool

  /// - Parameter attentionFactor: 0.1 ln(factor) + 1, the paper's, where nil.
  package init(
    factor: Double, originalMaxPositionEmbeddings: Int, betaFast: Double = 32, betaSlow: Double = 1,
    attentionFactor: Double? = nil, truncate: Bool = true
  ) {
    self.factor = factor
    self.originalMaxPositionEmbeddings = originalMaxPositionEmbeddings
    self.betaFast = betaFast
    self.betaSlow = betaSlow
    self.attentionFactor = attentionFactor ?? Self.attentionFactor(factor)
    self.truncate = truncate
  }

  /// 0.1 · scale · ln(factor) + 1: how much a context that is `factor` times longer sharpens the scores.
  package static func attentionFactor(_ factor: Double, scale: Double = 1) -> Double {
    factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1
  }
}
