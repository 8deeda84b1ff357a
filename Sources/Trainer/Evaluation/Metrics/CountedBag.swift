/// How often each of some things occurs.
struct CountedBag<Element: Hashable> {
  private(set) var counts: [Element: Int] = [:]

  init(_ elements: some Sequence<Element>) {
    for element in elements { counts[element, default: 0] += 1 }
  }

  /// Elements in both, each as often as in the bag that has fewer of it.
  func matches(_ other: Self) -> Int {
    counts.reduce(0) { $0 + min($1.value, other.counts[$1.key] ?? 0) }
  }
}

extension Array where Element: Hashable {
  /// All runs of `order` neighbours; none where there are fewer elements.
  func runs(of order: Int) -> [ArraySlice<Element>] {
    count < order ? [] : (0...count - order).map { self[$0..<$0 + order] }
  }
}

extension StringProtocol {
  /// The text between white space, by code points, with the control characters that Python's `str.split` takes for space.
  func words() -> [String] {
    unicodeScalars.split { $0.properties.isWhitespace || (0x1C...0x1F).contains($0.value) }
      .map { String(String.UnicodeScalarView($0)) }
  }
}

/// The harmonic mean of two shares, recall counting `weight` times as much; 0 where both are.
func harmonicMean(_ precision: Double, _ recall: Double, recallWeight weight: Double = 1) -> Double {
  precision + recall == 0 ? 0 : (1 + weight) * precision * recall / (weight * precision + recall)
}
