/// One thing about a recipe's data that a user should know before the run.
package struct Finding: Encodable, Sendable, Equatable {
  /// The weight of a finding.
  package enum Severity: String, Encodable, Sendable, CaseIterable, Comparable {
    /// It may be meant so.
    case note
    /// It would spoil the run, which begins all the same.
    case warning
    /// The run would be refused.
    case fault

    package static func < (a: Severity, b: Severity) -> Bool {
      allCases.firstIndex(of: a) ?? 0 < allCases.firstIndex(of: b) ?? 0
    }
  }

  /// The subjects that are looked at, each by one of the checkers.
  package enum Subject: String, Encodable, Sendable, CaseIterable {
    case rows = "rows"
    case leaks = "leaks"
    case heldOut = "held-out rows"
    case balance = "balance"
    case supervision = "supervision"
    case passes = "passes"
    case duplicates = "duplicates"
    case answers = "answers"
    case emptyAnswers = "empty answers"
    case cut = "cut rows"
    case dropped = "dropped rows"
    case doubledBOS = "BOS"
    case keys = "keys of rows"
    case warmup = "warm-up"
    case learningRate = "learning rate"
    case sequenceLength = "sequence length"
  }

  package let severity: Severity
  package let subject: Subject
  /// The round's name; nil where the finding is of no round.
  package let round: String?
  /// The dataset's name; nil where the finding is of no dataset.
  package let dataset: String?
  package let what: String
  /// The change that mends it; empty where `what` says it.
  package let remedy: String

  package init(
    _ severity: Severity, _ subject: Subject, round: String? = nil, dataset: String? = nil, _ what: String,
    remedy: String
  ) {
    self.severity = severity
    self.subject = subject
    self.round = round
    self.dataset = dataset
    self.what = what
    self.remedy = remedy
  }

  /// The finding in one line: `round qa: its warm-up …; lower warmup_steps`.
  package var sentence: String {
    (round.map { "round \($0): " } ?? "") + what + (remedy.isEmpty ? "" : "; \(remedy)")
  }

  private enum CodingKeys: CodingKey {
    case severity, subject, round, dataset, what, remedy
  }

  /// Writes every key; a round or a dataset that is not named is null.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(severity, forKey: .severity)
    try container.encode(subject, forKey: .subject)
    try container.encode(round, forKey: .round)
    try container.encode(dataset, forKey: .dataset)
    try container.encode(what, forKey: .what)
    try container.encode(remedy, forKey: .remedy)
  }
}

extension Finding.Subject {
  /// The verdict where nothing was found.
  package var verdictWithoutFindings: String {
    switch self {
    case .rows: "every row can be read and encoded"
    case .leaks: "no held-out row stands among training rows"
    case .heldOut: "every round has 16 held-out rows or more"
    case .balance: "supervised tokens are shared as the rows are, within a factor of two"
    case .supervision: "every dataset that a round reads has supervised tokens there"
    case .passes: "no few rows are read over and over"
    case .duplicates: "no row stands twice among the training rows"
    case .answers: "no prompt has two answers"
    case .emptyAnswers: "every row says something"
    case .cut: "no row is longer than its sequence"
    case .dropped: "no row is left out"
    case .doubledBOS: "no row begins with two"
    case .keys: "all that the rows hold is read"
    case .warmup: "every round goes on after it"
    case .learningRate: "within what is usual for the method"
    case .sequenceLength: "as the rows need it"
    }
  }
}

/// A share as people read it: `12.5 %`.
package func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
