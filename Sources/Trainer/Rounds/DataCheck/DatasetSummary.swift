/// A dataset's training rows at a glance, as they are read for its own round.
package struct DatasetSummary: Encodable, Sendable {
  /// A script's share of the letters.
  package struct Script: Encodable, Sendable {
    package let name: String
    package let share: Double
  }

  /// Rows that an earlier dataset holds too.
  package struct Shared: Encodable, Sendable {
    package let dataset: String
    package let rows: Int
    package let place: String?
  }

  package let name: String
  /// The dataset's own round, or the first that reads it.
  package let round: String
  package let file: String
  package let rows: Int
  package let cut: Int
  package let dropped: Int
  /// Rows left out because they are longer than a sequence (`long_rows: drop`).
  package let tooLong: Int
  package let tokens: Int
  package let supervisedTokens: Int
  /// Supervised tokens beyond the sequence, which are not learnt.
  package let lostSupervisedTokens: Int
  package let lengths: DatasetInspection.Lengths
  package let scripts: [Script]
  let duplicates: RowFacts.Places
  /// Rows that stand in earlier datasets.
  package let shared: [Shared]
  let otherAnswers: RowFacts.Places
  let emptyAnswers: RowFacts.Places
  let doubledBos: RowFacts.Places
  /// Remark on keys of the rows that are not read; nil where there are none.
  package let remark: String?

  /// Rows that stand in the dataset or an earlier one before.
  package var copies: Int { duplicates.count + shared.reduce(0) { $0 + $1.rows } }

  init(
    _ dataset: Dataset, name: String, of round: ResolvedRound, _ facts: RowFacts, shared: [Shared]
  ) {
    self.name = name
    self.round = round.name
    file = dataset.files.path
    rows = dataset.statistics.rows
    cut = dataset.statistics.cut
    dropped = dataset.statistics.dropped
    tooLong = dataset.statistics.tooLong
    tokens = dataset.statistics.tokens
    supervisedTokens = dataset.statistics.supervisedTokens
    lostSupervisedTokens = facts.lostTokens
    lengths = DatasetInspection.Lengths(facts.lengths, sequenceLength: round.settings.sequenceLength)
    scripts = facts.scripts.shares.map { Script(name: $0.name, share: $0.share) }
    duplicates = facts.duplicates
    otherAnswers = facts.otherAnswers
    emptyAnswers = facts.emptyAnswers
    doubledBos = facts.doubledBOS
    remark = dataset.remarks.note(of: dataset.files.path)
    self.shared = shared
  }

  private enum CodingKeys: CodingKey {
    case name, round, file, rows, cut, dropped, tooLong, tokens, supervisedTokens, lostSupervisedTokens, lengths,
      scripts
    case duplicates, shared, otherAnswers, emptyAnswers, doubledBos
  }
}
