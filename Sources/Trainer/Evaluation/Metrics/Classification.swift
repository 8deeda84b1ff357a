/// Share of rows with the right label: 0 to 1.
package struct Accuracy: MeanTextMetric {
  package let name = "accuracy"

  package init() {}

  package func value(_ pair: TextPair) -> Double { pair.completion == pair.reference ? 1 : 0 }
}

/// Mean of the labels' F1 scores: 0 to 1. Rare labels count as much as others.
package struct MacroF1: TextMetric {
  package let name = "macro_f1"
  private let labels: [String]

  /// - Parameter labels: every label that a reference can be, once.
  package init(labels: [String]) {
    self.labels = labels
  }

  /// Right, chosen and expected rows for each label.
  package func counts(_ pair: TextPair) -> [Double] {
    labels.flatMap { label in
      let (chosen, expected) = (pair.completion == label, pair.reference == label)
      return [chosen && expected ? 1.0 : 0, chosen ? 1 : 0, expected ? 1 : 0]
    }
  }

  package func score(_ sums: [Double]) -> Double {
    let scores = labels.indices.map { label in
      let (right, chosen, expected) = (sums[3 * label], sums[3 * label + 1], sums[3 * label + 2])
      return right == 0 ? 0 : harmonicMean(right / chosen, right / expected)
    }
    return scores.isEmpty ? 0 : scores.reduce(0, +) / Double(scores.count)
  }
}
