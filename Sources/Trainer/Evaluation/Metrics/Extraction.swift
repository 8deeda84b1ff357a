import Foundation

/// Micro-averaged F1 of extracted entities over a whole corpus: 0 to 1.
///
/// Semicolons and line ends separate entities. Entities that differ in white space alone are equal; `none` and empty
/// text are no entity. An entity that stands twice must be found twice.
package struct EntityF1: TextMetric {
  package let name = "entity_f1"

  package init() {}

  /// Matches, entities of the completion, and entities of the reference.
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
