import Foundation
import Testing
import Trainer

@Suite("Rotary frequencies")
struct RopeFrequenciesTests {
  private func frequencies(theta: Double, _ scaling: RopeScaling) -> [Double] {
    RotaryEmbedding(theta: theta, scaling: scaling).frequencies(columns: 8, positions: 2048)
  }

  private func isClose(_ found: [Double], _ expected: [Double]) -> Bool {
    found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-12 * abs($1) }
  }

  @Test func plainOnesAreARootOfTheBase() {
    #expect(isClose(frequencies(theta: 10000, .none), [1, 0.1, 0.01, 0.001]))
  }

  @Test func linearOnesAreDividedByTheFactor() {
    #expect(isClose(frequencies(theta: 10000, .linear(factor: 4)), [0.25, 0.025, 0.0025, 0.00025]))
  }

  @Test("llama3: high frequencies are kept, low ones divided, those between are blended")
  func llama3() {
    // θ = 10⁴, D = 8: frequencies 1, 0.1, 0.01, 0.001. Over 200 positions they turn 31.83, 3.183, 0.3183 and 0.03183
    // times. Above 4 turns one is kept, below 1 it is divided by 8; 3.183 lies (3.183 − 1)/3 = 0.7277 of the way.
    let turns = 200 * 0.1 / (2 * Double.pi)
    let kept = (turns - 1) / 3
    let scaling = RopeScaling.llama3(
      factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: 200)
    let expected = [1, (1 - kept) * 0.1 / 8 + kept * 0.1, 0.01 / 8, 0.001 / 8]
    #expect(isClose(frequencies(theta: 10000, scaling), expected))
    #expect(abs(expected[1] - 0.07617) < 1e-5)
  }

  @Test("Llama 3.1 8B: the frequencies that its release has")
  func llama31() {
    let rope = RotaryEmbedding(
      theta: 500000,
      scaling: .llama3(factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: 8192))
    let plain = (0..<64).map { pow(500000, -Double($0) / 64) }
    let found = rope.frequencies(columns: 128, positions: 131072)
    // Wavelengths below 8192/4 are kept: 2π · 500000^(i/64) < 2048 up to i = 28. Above 8192 they are divided by 8: from
    // i = 35 on.
    for index in 0...28 { #expect(abs(found[index] / plain[index] - 1) < 1e-12) }
    for index in 29...34 { #expect(found[index] < plain[index] && found[index] > plain[index] / 8) }
    for index in 35..<64 { #expect(abs(found[index] / plain[index] * 8 - 1) < 1e-12) }
  }
}
