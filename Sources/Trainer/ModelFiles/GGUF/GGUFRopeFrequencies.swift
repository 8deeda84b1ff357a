import Foundation

/// Recovers Llama 3's rotary scaling from the factors that GGUF exports store in its place.
///
/// The tensor `rope_freqs.weight` holds, for each of the D/2 frequencies, what it is divided by. Llama 3's rule makes
/// them from four constants, which the file does not name. The constants of the published models are tried, and
/// accepted only if they give back every factor.
package enum GGUFRopeFrequencies {
  /// Factors are stored as f32 and computed there in f32: a few units in the last place.
  private static let tolerance = 1e-4

  /// The scaling that makes `factors`, or nil where none of the known ones does.
  ///
  /// - Parameters:
  ///   - factors: [D/2], from the highest frequency to the lowest.
  ///   - theta: the base of the frequencies.
  package static func scaling(factors: [Float], theta: Double) -> RopeScaling? {
    if factors.allSatisfy({ $0 == 1 }) { return RopeScaling.none }
    // The lowest frequency is always divided by the whole factor.
    guard let last = factors.last, last >= 1, last.isFinite, let factor = Double("\(last)") else { return nil }
    // 8192 is what Llama 3.1 to 3.3 have; where more than one fits, they are the same function at this width.
    let usual = [8192, 4096, 2048, 16384, 32768]
    for original in usual + solved(factors, theta: theta, factor: factor) + (4...20).map({ 1 << $0 }) {
      let scaling = RopeScaling.llama3(
        factor: factor, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: original)
      let expected = llama3Factors(
        count: factors.count, theta: theta, factor: factor, low: 1, high: 4, original: Double(original))
      let agrees = zip(factors, expected).allSatisfy { abs(Double($0) - $1) <= tolerance * $1 }
      if agrees { return scaling }
    }
    return nil
  }

  /// The context of pretraining by which the first factor between 1 and the last is made; none where there is no such
  /// factor.
  private static func solved(_ factors: [Float], theta: Double, factor: Double) -> [Int] {
    guard let index = factors.firstIndex(where: { $0 > 1 && Double($0) < factor }) else { return [] }
    let share = (1 / Double(factors[index]) - 1 / factor) / (1 - 1 / factor)
    let frequency = pow(theta, -Double(index) / Double(factors.count))
    let original = ((share * 3 + 1) * 2 * .pi / frequency).rounded()
    return original >= 1 && original < 0x1p31 ? [Int(original)] : []
  }

  /// True where the factors that a file would hold for a model give its scaling back.
  static func areReadBack(_ model: LlamaConfiguration) -> Bool {
    guard case .llama3 = model.ropeScaling else { return true }
    return tensors(of: model).allSatisfy { scaling(factors: $0.factors, theta: model.ropeTheta) != nil }
  }

  /// Divisors of a model's frequencies by the tensors that hold them; none unless its scaling is Llama 3's or LongRoPE.
  static func tensors(of model: LlamaConfiguration) -> [(name: String, factors: [Float])] {
    switch model.ropeScaling {
    case .llama3(let factor, let low, let high, let original):
      let factors = llama3Factors(
        count: (model.rotaryDim ?? model.headDim) / 2, theta: model.ropeTheta, factor: factor, low: low, high: high,
        original: Double(original))
      return [(GGUFTensorName.ropeFrequencies, factors.map { Float($0) })]
    case .longRope(let long):
      return [
        (GGUFTensorName.longRopeFactors, long.longFactors.map { Float($0) }),
        (GGUFTensorName.shortRopeFactors, long.shortFactors.map { Float($0) }),
      ]
    default:
      return []
    }
  }

  /// Divisors that Llama 3's rule gives to `count` frequencies.
  ///
  /// With wavelength w = 2π / f and s = (original / w − low) / (high − low): 1 where s ≥ 1, `factor` where s ≤ 0, else
  /// 1 / ((1 − s) / factor + s).
  package static func llama3Factors(
    count: Int, theta: Double, factor: Double, low: Double, high: Double, original: Double
  ) -> [Double] {
    (0..<count).map { index in
      let frequency = pow(theta, -Double(index) / Double(count))
      let share = (original * frequency / (2 * .pi) - low) / (high - low)
      if share >= 1 { return 1 }
      if share <= 0 { return factor }
      return 1 / ((1 - share) / factor + share)
    }
  }
}
