import Foundation

/// Scaling of rotary frequencies for contexts longer than those of pretraining (config.json's `rope_scaling`).
package enum RopeScaling: Sendable, Equatable {
  /// Unscaled frequencies (`default`).
  case none
  /// All frequencies divided by `factor`: positions are interpolated.
  case linear(factor: Double)
  /// NTK-aware: the base grows with a text longer than `max_position_embeddings`. No text may be longer here, so the
  /// frequencies are unscaled.
  case dynamic(factor: Double)
  /// YaRN: low frequencies divided by `factor`, high ones kept, those between interpolated, and all attention scores
  /// scaled up.
  case yarn(YarnScaling)
  /// Llama 3.1: low frequencies divided by `factor`, high ones kept, those between interpolated; the borders are
  /// wavelengths of `originalMaxPositionEmbeddings` over the two frequency factors.
  case llama3(
    factor: Double, lowFreqFactor: Double, highFreqFactor: Double, originalMaxPositionEmbeddings: Int)
  /// LongRoPE: every frequency divided by a factor of its own, of two sets for short and long texts.
  case longRope(LongRopeScaling)
}

/// The constants of YaRN.
///
/// - Source: arXiv:2309.00071, sections 3.2 and 3.4.
package struct YarnScaling: Sendable, Equatable {
  /// Length of the context over that of pretraining.
  package var factor: Double
  /// Context of pretraining, in tokens.
  package var originalMaxPositionEmbeddings: Int
  /// Turns within the pretraining context from which on a frequency is kept.
  package var betaFast: Double
  /// Turns within the pretraining context up to which a frequency is divided by `factor`.
  package var betaSlow: Double
  /// Factor of cosines and sines.
  package var attentionFactor: Double
  /// True where the two borders are rounded to whole pairs of dimensions.
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

  /// 0.1 · scale · ln(factor) + 1, the attention factor of a context that is `factor` times longer; 1 for a factor up
  /// to 1.
  package static func attentionFactor(_ factor: Double, scale: Double = 1) -> Double {
    factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1
  }
}

/// The constants of LongRoPE.
///
/// - Source: arXiv:2402.13753.
package struct LongRopeScaling: Sendable, Equatable {
  /// Divisors of the D/2 frequencies for texts within the pretraining context.
  package var shortFactors: [Double]
  /// Divisors for longer texts.
  package var longFactors: [Double]
  /// Context of pretraining, in tokens.
  package var originalMaxPositionEmbeddings: Int
  /// Factor of cosines and sines.
  package var attentionFactor: Double

  /// - Parameters:
  ///   - factor: length of the context over that of pretraining.
  ///   - attentionFactor: √(1 + ln(factor) / ln(original)), the paper's, where nil.
  package init(
    shortFactors: [Double], longFactors: [Double], originalMaxPositionEmbeddings: Int, factor: Double,
    attentionFactor: Double? = nil
  ) {
    (self.shortFactors, self.longFactors) = (shortFactors, longFactors)
    self.originalMaxPositionEmbeddings = originalMaxPositionEmbeddings
    self.attentionFactor =
      attentionFactor ?? Self.attentionFactor(factor, original: originalMaxPositionEmbeddings)
  }

  /// √(1 + ln(factor) / ln(original)), the attention factor of a context that is `factor` times longer than the original
  /// one, in tokens; 1 for a factor up to 1.
  package static func attentionFactor(_ factor: Double, original: Int) -> Double {
    factor <= 1 ? 1 : (1 + log(factor) / log(Double(original))).squareRoot()
  }

  /// The divisors for sequences of up to `positions` tokens. As in llama.cpp and vLLM the longest sequence decides for all.
  package func factors(positions: Int) -> [Double] {
    positions > originalMaxPositionEmbeddings ? longFactors : shortFactors
  }
}
