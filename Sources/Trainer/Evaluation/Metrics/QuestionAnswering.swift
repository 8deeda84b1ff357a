import Foundation

/// Percentage of answers that equal the reference apart from case, punctuation and articles: 0 to 100, as SQuAD's
/// script.
///
/// - Source: Rajpurkar et al.: SQuAD (arXiv:1606.05250), section 6.1.
package struct ExactMatch: MeanTextMetric {
  package let name = "exact_match"

  package init() {}

  package func value(_ pair: TextPair) -> Double {
    AnswerText.words(pair.completion) == AnswerText.words(pair.reference) ? 100 : 0
  }
}

/// F1 of an answer's words against the reference's, as the mean over answers: 0 to 100, as SQuAD's script.
///
/// - Source: as ``ExactMatch``.
package struct TokenF1: MeanTextMetric {
  package let name = "f1"

  package init() {}

  package func value(_ pair: TextPair) -> Double {
    let completion = AnswerText.words(pair.completion)
    let reference = AnswerText.words(pair.reference)
    // As in SQuAD 2 (arXiv:1806.03822): an empty answer is right where none is expected.
    if completion.isEmpty || reference.isEmpty { return completion == reference ? 100 : 0 }
    let matches = Double(CountedBag(completion).matches(CountedBag(reference)))
    return matches == 0 ? 0 : 100 * harmonicMean(matches / Double(completion.count), matches / Double(reference.count))
  }
}

/// Words of an answer as SQuAD compares them: lower case, without ASCII punctuation and articles.
enum AnswerText {
  private static let articles: Set<String> = ["a", "an", "the"]

  static func words(_ text: String) -> [String] {
    let letters = text.lowercased().unicodeScalars.filter { !isPunctuation($0) }
    var result = String.UnicodeScalarView()
    for run in letters.chunked(by: { isWord($0) == isWord($1) }) {
      let isArticle = articles.contains(String(String.UnicodeScalarView(run)))
      result.append(contentsOf: isArticle ? [" "] : Array(run))
    }
    return String(result).words()
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "!"..."/", ":"..."@", "["..."`", "{"..."~": true
    default: false
    }
  }

  /// True for letters and numbers of every script; an article is bounded by anything else.
  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber, .letterNumber, .otherNumber:
      true
    default: false
    }
  }
}

extension String.UnicodeScalarView {
  /// Stretches of neighbours that belong together.
  fileprivate func chunked(by belong: (Unicode.Scalar, Unicode.Scalar) -> Bool) -> [SubSequence] {
    var chunks: [SubSequence] = []
    var start = startIndex
    var index = startIndex
    while index < endIndex {
      let next = self.index(after: index)
      if next == endIndex || !belong(self[index], self[next]) {
        chunks.append(self[start..<next])
        start = next
      }
      index = next
    }
    return chunks
  }
}
