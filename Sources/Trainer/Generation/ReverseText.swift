/// Conversion between a text's reading order and the order of a reverse model: prompts, samples and answers.
///
/// The order is the one that `Reversal` trains: BOS, the marker, then the text from its end to its beginning. The unit
/// is a token or a word: random segments could not be put back in order.
///
/// - Source: arXiv:2403.13799, section 2; arXiv:2507.01335 (reverse models).
package struct ReverseText: Sendable {
  /// Unit that keeps its inner order.
  package enum Unit: String, Sendable, CaseIterable {
    case token, word
  }

  private let tokenizer: any Tokenizer
  private let unit: Unit
  /// Ids that begin a reversed text: BOS where the tokenizer adds it, then the marker.
  private let head: [Int32]

  /// - Parameter marker: the text that began reversed rows in training (`objective.marker`); nil: none.
  /// - Throws: `Fault` where the marker cannot be encoded.
  package init(tokenizer: any Tokenizer, unit: Unit, marker: String?) throws(RowEncoder.Fault) {
    self.tokenizer = tokenizer
    self.unit = unit
    var head = tokenizer.head
    if let marker { head += try Reversal.ids(ofMarker: marker, tokenizer) }
    self.head = head
  }

  /// Prompt ids for the end of a text, which the model continues towards the text's beginning.
  package func prompt(_ end: String) -> [Int32] { head + turned(end) }

  /// A whole text as the model reads it, with EOS where the tokenizer adds one. BOS and marker are not supervised.
  package func sample(_ text: String) -> Sample {
    let end = tokenizer.special.addsEOS ? tokenizer.special.eos.prefix(1) : []
    return supervised(after: head, turned(text) + end)
  }

  /// A completion and then its prompt, as the model reads them; the prompt alone is supervised.
  package func sample(prompt: String, completion: String) -> Sample {
    switch unit {
    case .token:
      // A row's prompt and completion are encoded apart and joined, and so is its reversed variant.
      return supervised(after: head + turned(completion), turned(prompt))
    case .word:
      let ids = turned(prompt + completion)
      // The completion's words come first. The prompt begins at the first id that differs from the completion's own
      // ids.
      let given = zip(ids, turned(completion)).prefix { $0 == $1 }.count
      return supervised(after: head + ids[..<given], Array(ids[given...]))
    }
  }

  /// The model's answer in reading order: its text, and the ids of that text.
  package func readingOrder(_ written: [Int32]) -> (ids: [Int32], text: String) {
    switch unit {
    case .token:
      let ids = Array(written.reversed())
      return (ids, tokenizer.decode(ids, skipSpecial: true))
    case .word:
      let text = Self.turnedWords(tokenizer.decode(written, skipSpecial: true))
      return (tokenizer.encodeOrdinary(text), text)
    }
  }

  private func turned(_ text: String) -> [Int32] {
    switch unit {
    case .token: tokenizer.encodeOrdinary(text).reversed()
    case .word: tokenizer.encodeOrdinary(Self.turnedWords(text))
    }
  }

  private static func turnedWords(_ text: String) -> String {
    Reversal.joined(Reversal.words(of: text).reversed())
  }

  private func supervised(after given: [Int32], _ ids: [Int32]) -> Sample {
    Sample(ids: given + ids, labels: [Int32](repeating: Sample.ignoredLabel, count: given.count) + ids)
  }
}
