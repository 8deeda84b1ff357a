/// Distance between two words, to guess the key that was meant.
package enum EditDistance {
  /// The fewest insertions, deletions, replacements and swaps of neighbours that turn `first` into `second`.
  ///
  /// Optimal string alignment: each letter takes part in at most one swap.
  package static func between(_ first: String, _ second: String) -> Int {
    let a = Array(first.lowercased().unicodeScalars)
    let b = Array(second.lowercased().unicodeScalars)
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var best = min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforePrevious[j - 1] + 1) }
        row.append(best)
      }
      beforePrevious = previous
      previous = row
    }
    return previous[b.count]
  }

  /// The candidate nearest to `word`; the earliest of equals.
  package static func nearest(to word: String, among candidates: [String]) -> String? {
    // A key of thousands of letters was not meant to be any of ours; do not spend their square on it.
    let word = String(word.prefix(100))
    return candidates.enumerated()
      .map { (index: $0.offset, name: $0.element, distance: between(word, $0.element)) }
      .min { ($0.distance, $0.index) < ($1.distance, $1.index) }?.name
  }
}
