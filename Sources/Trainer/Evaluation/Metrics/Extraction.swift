import Foundation

/// F-score of extracted entities over a whole corpus: 0 to 1, as micro-averaged F1.
///
/// Entities stand between semicolons or on lines of their own, and count as equal where they are but for white space;
/// `none` and nothing are no entity. An entity that stands twice must be found twice.
package struct EntityF1: TextMetric {
  package let name = "entity_f1"

  package init() {}

  /// Matches, entities of the completion, entities of the reference.
  package func counts(_ pair: TextPair) -> [Double] {
    let completion = Self.entities(pair.completion)
    let reference = Self.entities(pair.reference)
    let matches = CountedBag(completion).matches(CountedBag(reference))
    return [matches, completion.count, reference.count].map(Double.init)
  }

  package func score(_ sums: [Double]) -> Double {
    sums[0] == 0 ? 0 : harmonicMean(sums[0] / sums[1], sums[0] / sums[2])
  }

  private static func entities(_ text: String) -> [String] {
    text.split { $0 == ";" || $0.isNewline }.map { $0.words().joined(separator: " ") }
      .filter { !$0.isEmpty && $0.lowercased() != "none" }
  }
}
