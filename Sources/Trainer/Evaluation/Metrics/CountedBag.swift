/// Multiset: elements with their counts.
struct CountedBag<Element: Hashable> {
  private(set) var counts: [Element: Int] = [:]

  init(_ elements: some Sequence<Element>) {
    for element in elements { counts[element, default: 0] += 1 }
  }

  /// Size of the intersection: each element counts as often as in the bag that has fewer of it.
  func matches(_ other: Self) -> Int {
    counts.reduce(0) { $0 + min($1.value, other.counts[$1.key] ?? 0) }
  }
}

extension Array where Element: Hashable {
  /// N-grams: all stretches of `order` neighbours; none where there are fewer elements.
  func runs(of order: Int) -> [ArraySlice<Element>] {
    count < order ? [] : (0...count - order).map { self[$0..<$0 + order] }
  }
}

extension StringProtocol {
  /// Words between white space, as Python's `str.split` finds them: by code points, four ASCII separators included.
  func words() -> [String] {
    unicodeScalars.split { $0.properties.isWhitespace || (0x1C...0x1F).contains($0.value) }
      .map { String(String.UnicodeScalarView($0)) }
  }
}

/// Weighted harmonic mean of precision and recall, the Fβ-score for `weight` = β²; 0 where both are 0.
func harmonicMean(_ precision: Double, _ recall: Double, recallWeight weight: Double = 1) -> Double {
  precision + recall == 0 ? 0 : (1 + weight) * precision * recall / (weight * precision + recall)
}
