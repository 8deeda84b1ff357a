/// F1 of the longest common subsequence of words, as the mean over texts: 0 to 1, as `rouge_score` without a stemmer.
///
/// Words are stretches of a to z and 0 to 9, in lower case; all else separates.
///
/// - Source: Lin: ROUGE (ACL workshop 2004), section 3.
package struct RougeL: MeanTextMetric {
  package let name = "rouge_l"

  package init() {}

  package func value(_ pair: TextPair) -> Double {
    let completion = Self.words(pair.completion)
    let reference = Self.words(pair.reference)
    let common = Double(Self.commonLength(completion, reference))
    return common == 0 ? 0 : harmonicMean(common / Double(completion.count), common / Double(reference.count))
  }

  private static func words(_ text: String) -> [Substring.UnicodeScalarView] {
    text.lowercased()[...].unicodeScalars.split { !("a"..."z").contains($0) && !("0"..."9").contains($0) }
  }

  /// Length of the longest common subsequence, by dynamic programming with one row of the table.
  private static func commonLength(
    _ first: [Substring.UnicodeScalarView], _ second: [Substring.UnicodeScalarView]
  ) -> Int {
    let (first, second) = (first.map(String.init), second.map(String.init))
    var lengths = [Int](repeating: 0, count: second.count + 1)
    for word in first {
      var diagonal = 0
      for (index, other) in second.enumerated() {
        let above = lengths[index + 1]
        lengths[index + 1] = word == other ? diagonal + 1 : max(above, lengths[index])
        diagonal = above
      }
    }
    return lengths[second.count]
  }
}
