/// The share of rows whose label is the right one: 0 to 1.
package struct Accuracy: MeanTextMetric {
  package let name = "accuracy"

  package init() {}

  package func value(_ pair: TextPair) -> Double { pair.completion == pair.reference ? 1 : 0 }
}

/// The mean over labels of each label's F1: 0 to 1; labels that are rare count as much as others.
package struct MacroF1: TextMetric {
  package let name = "macro_f1"
  private let labels: [String]

  /// - Parameter labels: all that a reference can be, each once.
  package init(labels: [String]) {
    self.labels = labels
  }

  /// For each label: right, chosen, expected.
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
