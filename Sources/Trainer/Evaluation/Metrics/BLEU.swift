import Foundation

/// Geometric mean of the precisions of 1- to 4-grams of words over a whole corpus, times a brevity penalty: 0 to 100,
/// as sacreBLEU's `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp`.
///
/// - Source: Papineni et al.: BLEU (ACL 2002); Post: A Call for Clarity in Reporting BLEU Scores (arXiv:1804.08771).
package struct BLEU: TextMetric {
  private static let longest = 4

  package let name = "bleu"

  package init() {}

  /// Words of the completion, words of the reference, then matches and n-grams for each order.
  package func counts(_ pair: TextPair) -> [Double] {
    let completion = BLEUTokenizer.words(pair.completion)
    let reference = BLEUTokenizer.words(pair.reference)
    var counts = [completion.count, reference.count]
    for order in 1...Self.longest {
      let runs = completion.runs(of: order)
      counts.append(CountedBag(runs).matches(CountedBag(reference.runs(of: order))))
      counts.append(runs.count)
    }
    return counts.map(Double.init)
  }

  package func score(_ sums: [Double]) -> Double {
    let (written, expected) = (sums[0], sums[1])
    var logarithms = 0.0
    var smoothing = 1.0
    var matched = false
    for order in 0..<Self.longest {
      let (matches, runs) = (sums[2 + 2 * order], sums[3 + 2 * order])
      // A corpus without n-grams of some order has a precision of 0, and a score of 0.
      if runs == 0 { return 0 }
      if matches > 0 { matched = true } else { smoothing *= 2 }
      logarithms += log(matches > 0 ? matches / runs : 1 / (smoothing * runs))
    }
    guard matched else { return 0 }
    let brevity = written < expected ? exp(1 - expected / written) : 1
    return 100 * brevity * exp(logarithms / Double(Self.longest))
  }
}

/// Words that BLEU counts, by the tokenizer of NIST's mteval-v13a, which splits off punctuation.
enum BLEUTokenizer {
  private static let entities = [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")]

  static func words(_ text: String) -> [String] {
    var line = text.replacing("<skipped>", with: "").replacing("-\n", with: "").replacing("\n", with: " ")
    for (entity, character) in entities { line = line.replacing(entity, with: character) }
    var scalars = Array(" \(line) ".unicodeScalars)
    scalars = scalars.flatMap { isSymbol($0) ? [" ", $0, " "] : [$0] }
    scalars = pairs(scalars) { !isDigit($0) && isStop($1) ? [$0, " ", $1, " "] : nil }
    scalars = pairs(scalars) { isStop($0) && !isDigit($1) ? [" ", $0, " ", $1] : nil }
    scalars = pairs(scalars) { isDigit($0) && $1 == "-" ? [$0, " ", $1, " "] : nil }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view).words()
  }

  /// Replaces pairs of neighbours from left to right; a replacement is not matched again.
  private static func pairs(
    _ scalars: [Unicode.Scalar], _ replacement: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]?
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var index = 0
    while index < scalars.count {
      if index + 1 < scalars.count, let replaced = replacement(scalars[index], scalars[index + 1]) {
        result += replaced
        index += 2
      } else {
        result.append(scalars[index])
        index += 1
      }
    }
    return result
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private static func isStop(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }

  /// ASCII punctuation but for apostrophe, comma, hyphen and full stop.
  private static func isSymbol(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "{"..."~", "["..."`", " "..."&", "("..."+", ":"..."@", "/": true
    default: false
    }
  }
}
