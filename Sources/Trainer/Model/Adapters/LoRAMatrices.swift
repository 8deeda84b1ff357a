/// The numbers of one adapted layer: A [r, in], B [out, r], and DoRA's magnitudes [out]; of the embedding in is C and
/// out is V.
package struct LoRAPair: Sendable, Equatable {
  package var a: [Float]
  package var b: [Float]
  package var magnitude: [Float]?

  package init(a: [Float], b: [Float], magnitude: [Float]? = nil) {
    (self.a, self.b, self.magnitude) = (a, b, magnitude)
  }
}

/// The numbers of adapted layers by module, such as `model.layers.0.self_attn.q_proj`.
package typealias LoRAMatrices = [String: LoRAPair]

extension LoRATarget {
  /// The same target with another rank: alpha follows, so that the scale is the same.
  package func withRank(_ rank: Int, usesRankStabilization: Bool, hasMagnitude: Bool) -> LoRATarget {
    LoRATarget(
      module: module, kind: kind, weight: weight, inFeatures: inFeatures, outFeatures: outFeatures, parts: parts,
      rank: rank,
      alpha: scale * (usesRankStabilization ? Double(rank).squareRoot() : Double(rank)),
      usesRankStabilization: usesRankStabilization, hasMagnitude: hasMagnitude)
  }

  /// Two adapters of this layer as one: B₁·A₁ + B₂·A₂ = [B₁ B₂]·[A₁; A₂]. The magnitudes are the second's, which
  /// continued the training of the first's.
  package func joined(
    _ first: LoRAPair, ofRank firstRank: Int, _ second: LoRAPair, ofRank rank: Int
  ) -> LoRAPair {
    var b: [Float] = []
    b.reserveCapacity(first.b.count + second.b.count)
    for row in 0..<outFeatures {
      b += first.b[row * firstRank..<(row + 1) * firstRank]
      b += second.b[row * rank..<(row + 1) * rank]
    }
    return LoRAPair(a: first.a + second.a, b: b, magnitude: second.magnitude)
  }

  /// The adapter at some ranks of a joined one, with all of its magnitudes.
  package func part(_ joined: LoRAPair, ofRank joinedRank: Int, at ranks: Range<Int>) -> LoRAPair {
    let a = joined.a[ranks.lowerBound * inFeatures..<ranks.upperBound * inFeatures]
    let b = (0..<outFeatures).flatMap { row in
      joined.b[row * joinedRank + ranks.lowerBound..<row * joinedRank + ranks.upperBound]
    }
    return LoRAPair(a: Array(a), b: b, magnitude: joined.magnitude)
  }
}
