/// F₂-score, in which recall counts double, of 1- to 6-grams of characters without white space: 0 to 100, as
/// sacreBLEU's chrF2.
///
/// - Source: Popović: chrF (WMT 2015).
package struct CharacterF: TextMetric {
  private static let longest = 6

  package let name = "chrf"

  package init() {}

  /// N-grams of the completion, n-grams of the reference, and matches, for each order.
  package func counts(_ pair: TextPair) -> [Double] {
    let completion = Self.characters(pair.completion)
    let reference = Self.characters(pair.reference)
    return (1...Self.longest).flatMap { order in
      let runs = completion.runs(of: order)
      let expected = reference.runs(of: order)
      let matches = CountedBag(runs).matches(CountedBag(expected))
      return [expected.isEmpty ? 0 : runs.count, expected.count, matches].map(Double.init)
    }
  }

  package func score(_ sums: [Double]) -> Double {
    var (precision, recall, orders) = (0.0, 0.0, 0.0)
    for order in 0..<Self.longest {
      let (runs, expected, matches) = (sums[3 * order], sums[3 * order + 1], sums[3 * order + 2])
      guard runs > 0, expected > 0 else { continue }
      precision += matches / runs
      recall += matches / expected
      orders += 1
    }
    return orders == 0 ? 0 : 100 * harmonicMean(precision / orders, recall / orders, recallWeight: 4)
  }

  private static func characters(_ text: String) -> [Unicode.Scalar] {
    text.words().flatMap(\.unicodeScalars)
  }
}
