/// Reversed variants of a dataset's rows, from which a model learns to write from the end (`objective.reverse`).
///
/// BOS stays first and EOS last, so that a model of reversed text begins and stops like any other. A marker follows BOS
/// and is not supervised. Reversal by token moves each label with its token. Reversal by word or by segment reorders
/// the text before it is encoded, a prompt and its completion as one text, and all of it is supervised.
///
/// - Source: arXiv:2403.13799, section 2 (token, word and random-segment reversal); arXiv:2507.01335 (reverse models).
package struct Reversal: Sendable {
  /// Unit that keeps its inner order while the order of the units is reversed (`objective.unit`).
  package enum Unit: String, Sendable, CaseIterable {
    case token, word, segment
  }

  /// Purpose in the key of random bits; `UnionSampler` has 1 to 4 under the same seed and round.
  private static let purpose: UInt64 = 5

  private let objective: ReadingOrder
  private let tokenizer: (any Tokenizer)?
  /// A bad marker is reported at the first row, with that row's place.
  private let marker: Result<[Int32], RowEncoder.Fault>
  private let seed: UInt64
  private let round: Int
  private let dataset: Int

  /// Variants of one of a round's datasets; nil where the round reads every row forwards.
  /// - Parameters:
  ///   - tokenizer: nil where the rows are tokenised already; BOS and EOS are then unknown.
  ///   - seed: the recipe's.
  ///   - round: from 1.
  ///   - dataset: index of the dataset in the round's union.
  package init?(
    _ objective: ReadingOrder, tokenizer: (any Tokenizer)?, seed: UInt64, round: Int, dataset: Int
  ) {
    guard objective.reverse > 0 else { return nil }
    self.objective = objective
    self.tokenizer = tokenizer
    self.seed = seed
    self.round = round
    self.dataset = dataset
    marker = Result { () throws(RowEncoder.Fault) in
      try objective.marker.map { text throws(RowEncoder.Fault) in try Self.ids(ofMarker: text, tokenizer) } ?? []
    }
  }

  /// Key of the variants: with the same tokenizer, two reversals of one key give equal variants of every row.
  package var key: String {
    let random = objective.unit == .segment ? " \(objective.longestSegment) \(seed) \(round) \(dataset)" : ""
    return "\(objective.unit.rawValue)\(random) \(objective.marker ?? "")"
  }

  /// The reversed variant of a row, uncut.
  ///
  /// - Parameters:
  ///   - row: the row as it was written (`RowEncoder.written`).
  ///   - sample: the row, encoded; of a document longer than a sequence, one of its pieces.
  ///   - index: index of the row in its file, from 0.
  ///   - piece: index of a document's piece; nil: the sample is the whole row.
  package func variant(
    of row: DatasetRow, sample: Sample, index: Int, piece: Int? = nil
  ) throws(RowEncoder.Fault) -> Sample {
    let frame = Frame(sample, tokenizer?.special)
    let marker = try marker.get()
    let body: Sample
    switch objective.unit {
    case .token:
      body = Sample(
        ids: sample.ids[frame.body].reversed(), labels: sample.labels[frame.body].reversed())
    case .word, .segment:
      guard let tokenizer, let text = piece == nil ? row.plainText : Self.text(of: sample, tokenizer) else {
        throw RowEncoder.Fault(
          message: "a row of shape \(row.shape) can be reversed by token only, and objective.unit is "
            + "\(objective.unit.rawValue): set objective.unit to token, or objective.reverse to 0; a prompt and its "
            + "completion that no template writes (template: none) can be reversed by any unit")
      }
      let ids = tokenizer.encodeOrdinary(turned(text, index: index, piece: piece ?? 0))
      body = Sample(ids: ids, labels: ids)
    }
    let head = sample.ids[..<frame.body.lowerBound] + marker
    let tail = frame.body.upperBound...
    return Sample(
      ids: head + body.ids + sample.ids[tail],
      labels: sample.labels[..<frame.body.lowerBound] + marker.map { _ in Sample.ignoredLabel } + body.labels
        + sample.labels[tail],
      weight: sample.weight)
  }

  /// The text with its words, or its random segments, from the last to the first.
  private func turned(_ text: String, index: Int, piece: Int) -> String {
    let words = Self.words(of: text)
    guard objective.unit == .segment else { return Self.joined(words.reversed()) }
    let random = KeyedRandom(seed, UInt64(round), Self.purpose, UInt64(dataset), UInt64(index), UInt64(piece))
    return Self.joined(Self.segments(of: words, longest: objective.longestSegment, random: random).reversed().joined())
  }

  // MARK: - Units

  /// Words of a text: the stretches between white space.
  package static func words(of text: String) -> [Substring] { text.split { $0.isWhitespace } }

  /// Words as one text, a space between each two.
  package static func joined(_ words: some Sequence<Substring>) -> String { words.joined(separator: " ") }

  /// Words cut into segments of 1 ... `longest` words, every length equally likely; the last takes the rest.
  package static func segments(of words: [Substring], longest: Int, random: KeyedRandom) -> [ArraySlice<Substring>] {
    var segments: [ArraySlice<Substring>] = []
    var start = 0
    while start < words.count {
      let length = 1 + random.integer(UInt64(segments.count), below: longest)
      let end = min(start + length, words.count)
      segments.append(words[start..<end])
      start = end
    }
    return segments
  }

  /// Ids of a marker: one id where a special token is spelled exactly so, else those of the encoded text.
  package static func ids(ofMarker text: String, _ tokenizer: (any Tokenizer)?) throws(RowEncoder.Fault) -> [Int32] {
    guard let tokenizer else {
      throw RowEncoder.Fault(
        message: "the marker \"\(text)\" is a text, which needs a tokenizer, and the model brings none: name one, or "
          + "set no marker")
    }
    let ids = 0..<Int32(tokenizer.vocabularySize)
    if let special = ids.first(where: { tokenizer.isSpecial($0) && tokenizer.piece($0) == text }) { return [special] }
    return tokenizer.encode(text)
  }

  /// A document's piece as text; a character that the piece's edge cuts through is left out.
  private static func text(of piece: Sample, _ tokenizer: any Tokenizer) -> String {
    let characters = tokenizer.decode(piece.ids, skipSpecial: true).unicodeScalars
    let isWhole = { (scalar: Unicode.Scalar) in scalar != "\u{FFFD}" }
    guard let first = characters.firstIndex(where: isWhole), let last = characters.lastIndex(where: isWhole) else {
      return ""
    }
    return String(characters[first...last])
  }

  /// Range of a sample's tokens between its BOS and its EOS.
  private struct Frame {
    let body: Range<Int>

    init(_ sample: Sample, _ special: SpecialTokens?) {
      let ids = sample.ids
      let start = ids.first.map { $0 == special?.bos } == true ? 1 : 0
      let hasEnd = ids.count > start && special?.eos.contains(ids[ids.count - 1]) == true
      body = start..<(hasEnd ? ids.count - 1 : ids.count)
    }
  }
}

extension DatasetRow {
  /// The row as one text, a completion right after its prompt; nil for turns and tokens.
  fileprivate var plainText: String? {
    switch self {
    case .text(let text): text
    case .completion(let prompt, let completion, let before):
      Self.joined(before: before, prompt: prompt) + completion
    case .conversation, .tokens: nil
    }
  }
}
