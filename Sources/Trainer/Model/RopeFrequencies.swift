import Foundation

/// Rotary embedding of heads: the base of its frequencies and their scaling.
package struct RotaryEmbedding: Sendable, Equatable {
  package var theta: Double
  package var scaling: RopeScaling

  package init(theta: Double, scaling: RopeScaling = .none) {
    self.theta = theta
    self.scaling = scaling
  }

  /// Frequencies of the D/2 pairs of columns that turn, in radians a position.
  ///
  /// - Parameters:
  ///   - columns: columns of a head that turn, D.
  ///   - positions: the longest sequence, in tokens, which decides between the two sets of LongRoPE.
  /// - Source: arXiv:2104.09864; linear scaling: arXiv:2306.15595; YaRN: arXiv:2309.00071; LongRoPE: arXiv:2402.13753;
  ///   llama3: the wavelength rule of Llama 3.1's release.
  package func frequencies(columns: Int, positions: Int) -> [Double] {
    let plain = (0..<columns / 2).map { pow(theta, -2 * Double($0) / Double(columns)) }
    switch scaling {
    case .none, .dynamic:
      return plain
    case .linear(let factor):
      return plain.map { $0 / factor }
    case .yarn(let yarn):
      let (low, high) = yarn.border(theta: theta, headDim: columns)
      return plain.enumerated().map { pair, frequency in
        let kept = 1 - min(max((Double(pair) - low) / (high - low), 0), 1)
        return (1 - kept) * frequency / yarn.factor + kept * frequency
      }
    case .llama3(let factor, let lowFreqFactor, let highFreqFactor, let original):
      return plain.map { frequency in
        let turns = Double(original) * frequency / (2 * .pi)
        // `kept` is the share of the unscaled frequency: 1 for many turns in the original context, 0 for few.
        let kept = min(max((turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor), 0), 1)
        return (1 - kept) * frequency / factor + kept * frequency
      }
    case .longRope(let long):
      return zip(plain, long.factors(positions: positions)).map { $0 / $1 }
    }
  }

  /// Factor of the cosines and sines: 1, except for YaRN and LongRoPE.
  package var attentionFactor: Double {
    switch scaling {
    case .yarn(let yarn): yarn.attentionFactor
    case .longRope(let long): long.attentionFactor
    default: 1
    }
  }
}

extension YarnScaling {
  /// The pairs between which frequencies are blended: those that turn `betaFast` and `betaSlow` times in the original
  /// context.
  fileprivate func border(theta: Double, headDim: Int) -> (low: Double, high: Double) {
    func pair(turning turns: Double) -> Double {
      Double(headDim) * log(Double(originalMaxPositionEmbeddings) / (turns * 2 * .pi)) / (2 * log(theta))
    }
    let fast = pair(turning: betaFast)
    let slow = pair(turning: betaSlow)
    let low = max(truncate ? fast.rounded(.down) : fast, 0)
    let high = min(truncate ? slow.rounded(.up) : slow, Double(headDim - 1))
    // The reference implementation separates equal borders by 0.001.
    return (low, low == high ? high + 0.001 : high)
  }
}
