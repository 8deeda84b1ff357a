import Foundation
import GPUTensor

extension Generator {
  /// Settings by which the next token is drawn.
  package struct Sampling: Sendable {
    /// Temperature that divides the logits; 0: always the likeliest token.
    package var temperature: Double
    /// Number of likeliest tokens to draw from; 0: all.
    package var topK: Int
    /// Probability that the likeliest tokens to draw from have together (nucleus sampling, arXiv:1904.09751); 1: all.
    package var topP: Double
    package var seed: UInt64

    package init(temperature: Double = 0, topK: Int = 0, topP: Double = 1, seed: UInt64 = 0) {
      self.temperature = temperature
      self.topK = topK
      self.topP = topP
      self.seed = seed
    }

    /// Draws the next token from its logits [V]; of equal logits the first counts as the largest.
    func draw(_ logits: ArraySlice<Float>, _ random: inout SplitMix64) -> Int32 {
      let best = Self.largest(logits)
      if temperature <= 0 || topK == 1 { return Int32(best.index) }
      let candidates = candidates(logits, largest: Double(best.value))
      var remaining = Double.random(in: 0..<1, using: &random) * candidates.reduce(0) { $0 + $1.weight }
      for (token, weight) in candidates {
        remaining -= weight
        if remaining < 0 { return token }
      }
      return candidates.last?.token ?? Int32(best.index)
    }

    /// The largest logit and its index; the first of equal ones, NaN ignored.
    private static func largest(_ logits: ArraySlice<Float>) -> (index: Int, value: Float) {
      logits.withUnsafeBufferPointer { logits in
        // The maximum by SIMD lanes, then its index: one pass for both would go number by number.
        var lanes = SIMD16<Float>(repeating: -.infinity)
        let bytes = UnsafeRawBufferPointer(logits)
        let inVectors = logits.count / 16 * 16
        for first in stride(from: 0, to: inVectors, by: 16) {
          let next = bytes.loadUnaligned(fromByteOffset: first * 4, as: SIMD16<Float>.self)
          lanes.replace(with: next, where: next .> lanes)
        }
        let value = logits[inVectors...].reduce(lanes.max()) { $1 > $0 ? $1 : $0 }
        return (logits.firstIndex(of: value) ?? 0, value)
      }
    }

    /// The tokens that may be drawn, with weights in proportion to their probabilities.
    private func candidates(_ logits: ArraySlice<Float>, largest: Double) -> [(token: Int32, weight: Double)] {
      var candidates = logits.enumerated().map { token, logit in
        (token: Int32(token), weight: exp((Double(logit) - largest) / temperature))
      }
      guard topK > 0 || topP < 1 else { return candidates }
      candidates.sort { ($0.weight, $1.token) > ($1.weight, $0.token) }
      if topK > 0 { candidates = Array(candidates.prefix(topK)) }
      let allowed = candidates.reduce(0) { $0 + $1.weight } * topP
      var sum = 0.0
      let last = candidates.firstIndex {
        sum += $0.weight
        return sum >= allowed
      }
      return last.map { Array(candidates[...$0]) } ?? candidates
    }
  }
}
