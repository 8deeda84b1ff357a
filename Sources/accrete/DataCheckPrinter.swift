import Trainer

/// Formats the check of a recipe's data: the shares of each round, the rows of each dataset, a verdict for each subject.
enum DataCheckPrinter {
  /// Columns of a terminal that no line exceeds.
  private static let width = 100
  /// Columns of a dataset's name.
  private static let nameWidth = 20

  static func lines(of check: DataCheck) -> [String] {
    var lines: [String] = []
    for (index, round) in check.rounds.enumerated() {
      lines += (index == 0 ? [] : [""]) + self.lines(of: round)
    }
    if !check.datasets.isEmpty { lines += [""] + self.lines(of: check.datasets) }
    lines += [""] + verdicts(of: check) + ["", summary(of: check)]
    return lines.map { shortened($0, to: width) }
  }

  private static func lines(of round: RoundShares) -> [String] {
    var table = TextTable(
      ["dataset", "rows", "drawn", "passes", "rows %", "tokens %", "supervised %", "supervised"], texts: [0])
    for part in round.parts {
      table.add([
        shortened(part.name, to: nameWidth), "\(part.rows)", "\(part.draws)", tenths(part.passes),
        tenths(part.shareOfRows * 100), tenths(part.shareOfTokens * 100), tenths(part.shareOfSupervised * 100),
        "\(part.supervisedTokens)",
      ])
    }
    return ["round \(round.name): \(round.steps) steps"] + table.lines.map { "  " + $0 }
  }

  private static func lines(of datasets: [DatasetSummary]) -> [String] {
    var table = TextTable(["dataset", "rows", "cut", "dropped", "copies", "tokens", "scripts"], texts: [0, 6])
    for dataset in datasets {
      let lengths = dataset.lengths
      // Two scripts at most; the least that shows is one percent.
      let scripts = dataset.scripts.prefix(2).filter { $0.share >= 0.01 }.map {
        "\($0.name) \(Int(($0.share * 100).rounded())) %"
      }
      table.add([
        shortened(dataset.name, to: nameWidth), "\(dataset.rows)", "\(dataset.cut)", "\(dataset.dropped)",
        "\(dataset.copies)", "\(lengths.min)/\(lengths.median)/\(lengths.p90)/\(lengths.max)",
        scripts.joined(separator: ", "),
      ])
    }
    return ["tokens of a row: least/median/90 % up to/most; scripts of its letters"] + table.lines.map { "  " + $0 }
  }

  /// A row for each finding, and one for each subject of which nothing was found.
  private static func verdicts(of check: DataCheck) -> [String] {
    let good = Finding.Subject.allCases.filter { subject in !check.findings.contains { $0.subject == subject } }
    // The worst comes last, where a terminal shows it.
    let found = Finding.Severity.allCases.flatMap { severity in check.findings.filter { $0.severity == severity } }
    let isPartial = check.findings.contains { $0.severity == .fault && $0.subject == .rows }
    let rows =
      good.map { subject in
        isPartial
          ? ("-", subject.rawValue, "not all is looked at: rows cannot be read")
          : ("ok", subject.rawValue, subject.verdictWithoutFindings)
      }
      + found.map { ($0.severity.rawValue, $0.subject.rawValue, $0.sentence) }
    let columns = (verdict: 8, subject: 16)
    return rows.flatMap { verdict, subject, text in
      wrapped(printable(text), to: width - columns.verdict - columns.subject).enumerated().map { index, line in
        let head = index == 0 ? padded(verdict, to: columns.verdict) + padded(subject, to: columns.subject) : ""
        return padded(head, to: columns.verdict + columns.subject) + line
      }
    }
  }

  private static func summary(of check: DataCheck) -> String {
    let counts = Finding.Severity.allCases.reversed().compactMap { severity in
      let count = check.findings.count { $0.severity == severity }
      return count == 0 ? nil : "\(count) \(severity.rawValue)\(count == 1 ? "" : "s")"
    }
    return (check.isSpoilt ? "mend these before the run" : "nothing would spoil the run")
      + (counts.isEmpty ? "" : ": " + counts.joined(separator: ", "))
  }

  // MARK: - Text

  private static func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

  private static func padded(_ text: String, to count: Int) -> String {
    text + String(repeating: " ", count: max(count - text.count, 0))
  }

  private static func shortened(_ text: String, to count: Int) -> String {
    text.count > count ? text.prefix(count - 1) + "…" : text
  }

  /// A text in lines of at most `count` characters, broken at spaces; a longer word is broken within.
  private static func wrapped(_ text: String, to count: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      var rest = word
      if !line.isEmpty, line.count + 1 + rest.count > count {
        lines.append(line)
        line = ""
      }
      while rest.count > count {
        lines.append(String(rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      line += (line.isEmpty ? "" : " ") + rest
    }
    return lines + [line]
  }
}
