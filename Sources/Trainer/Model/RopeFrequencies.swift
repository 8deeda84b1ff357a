import Foundation

extension LlamaConfiguration {
  /// Radians that each of the D/2 pairs of a head turns from one position to the next, scaled as the model says.
  ///
  /// Source: arXiv:2104.09864; linear scaling: arXiv:2306.15595; llama3: the wavelength rule of Llama 3.1's release.
  package var ropeFrequencies: [Double] {
    let plain = (0..<headDim / 2).map { pow(ropeTheta, -2 * Double($0) / Double(headDim)) }
    switch ropeScaling {
    case .none:
      return plain
    case .linear(let factor):
      return plain.map { $0 / factor }
    case .llama3(let factor, let lowFreqFactor, let highFreqFactor, let original):
      return plain.map { frequency in
        let turns = Double(original) * frequency / (2 * .pi)
        // Turns over the original context: few mean a low frequency, which is stretched; many mean a high one, kept.
        let kept = min(max((turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor), 0), 1)
        return (1 - kept) * frequency / factor + kept * frequency
      }
    }
  }
}
