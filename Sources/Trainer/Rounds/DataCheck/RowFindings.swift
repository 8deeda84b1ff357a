extension DatasetSummary {
  /// Share of a dataset's rows from which on a fault of rows is warned of; below it, single rows are noted.
  private static let manyRows = 0.01
  /// Share of the rows from which on other answers to the same prompt are warned of: several answers to a prompt are
  /// often meant, as with translations, but then not to most of them.
  private static let manyAnswers = 0.1

  /// Findings on the dataset's rows.
  package var findings: [Finding] {
    var findings: [Finding] = []
    func add(_ subject: Finding.Subject, _ rows: Int, of most: Double = Self.manyRows, _ what: String, _ remedy: String)
    {
      guard rows > 0 else { return }
      let isMany = Double(rows) >= most * Double(self.rows)
      findings.append(
        Finding(isMany ? .warning : .note, subject, round: round, dataset: name, what, remedy: remedy))
    }
    func place(_ places: RowFacts.Places) -> String { places.first.map { " (the first: \($0))" } ?? "" }
    let all = "\(rows) rows of \(name)"
    add(
      .duplicates, duplicates.count, "\(duplicates.count) of the \(all) stand there before\(place(duplicates))",
      "remove the copies, which count once more each")
    for other in shared {
      add(
        .duplicates, other.rows,
        "\(other.rows) of the \(all) stand in \(other.dataset) too" + (other.place.map { " (the first: \($0))" } ?? ""),
        "remove them on one side")
    }
    add(
      .answers, otherAnswers.count, of: Self.manyAnswers,
      "\(otherAnswers.count) of the \(all) answer an earlier row's prompt otherwise\(place(otherAnswers))",
      "keep one answer, unless several are meant")
    add(
      .emptyAnswers, emptyAnswers.count,
      "\(emptyAnswers.count) of the \(all) teach the model to say nothing\(place(emptyAnswers))",
      "remove them, or write what is to be said")
    if cut > 0 {
      let lost = Double(lostSupervisedTokens) / Double(max(supervisedTokens + lostSupervisedTokens, 1))
      let isMuch = lost >= Self.manyRows
      findings.append(
        Finding(
          isMuch ? .warning : .note, .cut, round: round, dataset: name,
          "\(cut) of the \(all) are cut, and lose \(lostSupervisedTokens) supervised tokens, \(percent(lost)) of all",
          remedy: "raise sequence_length (the longest row has \(lengths.max) tokens), or shorten them"))
    }
    add(
      .dropped, dropped, "\(dropped) of the \(all) are left out: they have no supervised token, or none that fits",
      "give them answers, or raise sequence_length")
    add(
      .dropped, tooLong, "\(tooLong) of the \(all) are left out: they are longer than a sequence (long_rows: drop)",
      "raise sequence_length, or set long_rows: cut or split")
    add(
      .doubledBOS, doubledBos.count,
      "\(doubledBos.count) of the \(all) begin with two BOS tokens\(place(doubledBos))",
      "remove what adds the second: the rows, or the template")
    if let remark { findings.append(Finding(.note, .keys, round: round, dataset: name, remark, remedy: "")) }
    return findings
  }
}
