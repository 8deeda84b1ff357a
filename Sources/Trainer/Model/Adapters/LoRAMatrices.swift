/// A [r, in] and B [out, r] of one or more adapters, by module.
package typealias LoRAMatrices = [String: (a: [Float], b: [Float])]

extension LoRATarget {
  /// The target with another rank, and the same scale.
  package func withRank(_ rank: Int, usesRankStabilization: Bool) -> LoRATarget {
    LoRATarget(
      module: module, inFeatures: inFeatures, outFeatures: outFeatures, rank: rank,
      alpha: scale * (usesRankStabilization ? Double(rank).squareRoot() : Double(rank)),
      usesRankStabilization: usesRankStabilization)
  }

  /// Two adapters of this layer as one: B₁·A₁ + B₂·A₂ = [B₁ B₂]·[A₁; A₂].
  package func joined(
    _ first: (a: [Float], b: [Float]), ofRank firstRank: Int, _ second: (a: [Float], b: [Float]), ofRank rank: Int
  ) -> (a: [Float], b: [Float]) {
    var b: [Float] = []
    b.reserveCapacity(first.b.count + second.b.count)
    for row in 0..<outFeatures {
      b += first.b[row * firstRank..<(row + 1) * firstRank]
      b += second.b[row * rank..<(row + 1) * rank]
    }
    return (first.a + second.a, b)
  }

  /// The part of a joined adapter that stands at these ranks.
  package func part(
    _ joined: (a: [Float], b: [Float]), ofRank joinedRank: Int, at ranks: Range<Int>
  ) -> (a: [Float], b: [Float]) {
    let a = joined.a[ranks.lowerBound * inFeatures..<ranks.upperBound * inFeatures]
    let b = (0..<outFeatures).flatMap { row in
      joined.b[row * joinedRank + ranks.lowerBound..<row * joinedRank + ranks.upperBound]
    }
    return (Array(a), b)
  }
}
