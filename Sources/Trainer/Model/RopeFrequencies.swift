import Foundation

extension LlamaConfiguration {
  /// Frequencies of the D/2 pairs of a head's dimensions, in radians a position, scaled by `ropeScaling`.
  ///
  /// - Source: arXiv:2104.09864; linear scaling: arXiv:2306.15595; YaRN: arXiv:2309.00071; llama3: the wavelength rule
  ///   of Llama 3.1's release.
  package var ropeFrequencies: [Double] {
    let plain = (0..<headDim / 2).map { pow(ropeTheta, -2 * Double($0) / Double(headDim)) }
    switch ropeScaling {
    case .none, .dynamic:
      return plain
    case .linear(let factor):
      return plain.map { $0 / factor }
    case .yarn(let yarn):
      let (low, high) = yarn.border(theta: ropeTheta, headDim: headDim)
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
    }
  }

  /// Factor of the cosines and sines: 1, except for YaRN.
  package var ropeAttentionFactor: Double {
    if case .yarn(let yarn) = ropeScaling { yarn.attentionFactor } else { 1 }
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
