/// Facts on the training rows of one dataset, gathered as the rows are read.
struct RowFacts {
  /// Rows of one kind: their number, and where the first stands.
  struct Places: Encodable {
    private(set) var count = 0
    /// `path/train.jsonl:17`; nil where there is none.
    private(set) var first: String?

    mutating func add(_ place: String) {
      count += 1
      first = first ?? place
    }

    private enum CodingKeys: CodingKey {
      case count, first
    }

    /// Writes both keys; the place of no row is null.
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(count, forKey: .count)
      try container.encode(first, forKey: .first)
    }
  }

  /// Supervised tokens of a row up to which it may say nothing: EOS, and what a template writes around it.
  private static let shortAnswer = 8

  private let tokenizer: (any Tokenizer)?
  private let sequenceLength: Int
  /// Tokens of each row, before any is cut.
  private(set) var lengths: [Int] = []
  /// Supervised tokens beyond a sequence, which are not learnt, and the rows that have some.
  private(set) var lostTokens = 0
  private(set) var cut = Places()
  private(set) var emptyAnswers = Places()
  private(set) var doubledBOS = Places()
  /// Rows that stand in the same dataset before.
  private(set) var duplicates = Places()
  /// Rows whose prompt stands in the same dataset before, with another answer.
  private(set) var otherAnswers = Places()
  private(set) var scripts = ScriptCount()
  /// The first answer of each prompt, both by their hashes.
  private var answers: [UInt64: UInt64] = [:]

  /// - Parameter settings: those of the round that the dataset is read for.
  init(_ settings: TrainingSettings, tokenizer: (any Tokenizer)?) {
    self.tokenizer = tokenizer
    sequenceLength = settings.sequenceLength
  }

  /// Takes a row in, which is not cut yet.
  mutating func add(_ row: EncodedRow, isDuplicate: Bool) {
    let sample = row.sample
    lengths.append(sample.length)
    if isDuplicate { duplicates.add(row.place) }
    for text in row.row.texts { scripts.add(text) }
    let learnt = sample.labels.indices.filter { $0 > 0 && sample.labels[$0] != Sample.ignoredLabel }
    if row.fate == .cut, sample.length > sequenceLength {
      cut.add(row.place)
      lostTokens += learnt.count { $0 >= sequenceLength }
    }
    if let bos = tokenizer?.special.bos, sample.ids.prefix(while: { $0 == bos }).count > 1 {
      doubledBOS.add(row.place)
    }
    if let tokenizer, (1...Self.shortAnswer).contains(learnt.count) {
      let text = tokenizer.decode(learnt.map { sample.ids[$0] }, skipSpecial: true)
      if text.allSatisfy(\.isWhitespace) { emptyAnswers.add(row.place) }
    }
    if let first = learnt.first, first > (tokenizer?.head.count ?? 0) {
      let (prompt, answer) = (Self.hash(sample.ids[..<first]), Self.hash(sample.ids[first...]))
      if answers[prompt, default: answer] != answer { otherAnswers.add(row.place) }
      if answers[prompt] == nil { answers[prompt] = answer }
    }
  }

  private static func hash(_ ids: ArraySlice<Int32>) -> UInt64 {
    ids.reduce(KeyedRandom.mix(UInt64(ids.count))) { KeyedRandom.mix($0 ^ UInt64(truncatingIfNeeded: $1)) }
  }
}

/// Facts on the training rows of all datasets, and the rows that stand in several of them.
///
/// A class, since the reader of the datasets calls it back.
final class RowCollector {
  private let tokenizer: (any Tokenizer)?
  /// Settings of the round whose rows come next.
  var settings: TrainingSettings
  private(set) var facts: [String: RowFacts] = [:]
  /// The dataset in which each row stands first, by the row's fingerprint.
  private var owners: [UInt64: String] = [:]
  /// Rows of a dataset that stand in an earlier one, by the names of both.
  private(set) var shared: [Pair: RowFacts.Places] = [:]

  /// A dataset and an earlier one.
  struct Pair: Hashable {
    let dataset: String
    let earlier: String
  }

  init(_ settings: TrainingSettings, tokenizer: (any Tokenizer)?) {
    self.settings = settings
    self.tokenizer = tokenizer
  }

  /// Takes in a row that trains.
  func add(_ row: EncodedRow, of dataset: String) {
    let key = RowFingerprint(row.row).row
    let owner = owners[key]
    if owner == nil { owners[key] = dataset }
    if let owner, owner != dataset { shared[Pair(dataset: dataset, earlier: owner), default: .init()].add(row.place) }
    facts[dataset, default: RowFacts(settings, tokenizer: tokenizer)].add(row, isDuplicate: owner == dataset)
  }
}
