/// Share of distinct n-grams among a completion's n-grams of `order` words, as the mean over completions: 0 to 1; low
/// where a model repeats itself.
///
/// - Source: Li et al.: A Diversity-Promoting Objective Function for Neural Conversation Models (arXiv:1510.03055),
///   here within each completion, so that the score does not fall with their number.
package struct Distinct: MeanTextMetric {
  private let order: Int

  package init(order: Int) {
    self.order = order
  }

  package var name: String { "distinct_\(order)" }

  package func value(_ pair: TextPair) -> Double {
    let runs = pair.completion.words().runs(of: order)
    return runs.isEmpty ? 0 : Double(Set(runs).count) / Double(runs.count)
  }
}
