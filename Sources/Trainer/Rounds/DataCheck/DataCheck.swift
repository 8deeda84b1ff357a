/// The check of a recipe's data before a run: everything that would spoil it, without a device and without weights.
package struct DataCheck: Encodable {
  /// What each round reads; rounds whose rows cannot be read are left out.
  package let rounds: [RoundShares]
  /// Each dataset's rows, those of base replays among them.
  package let datasets: [DatasetSummary]
  package let leaks: [LeakReport]
  /// What was found, the worst first.
  package let findings: [Finding]

  private enum CodingKeys: CodingKey {
    case rounds, datasets, leaks, findings, verdict
  }

  /// Writes every key, and the verdict: the worst finding's severity, or `ok`.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(rounds, forKey: .rounds)
    try container.encode(datasets, forKey: .datasets)
    try container.encode(leaks, forKey: .leaks)
    try container.encode(findings, forKey: .findings)
    try container.encode(findings.map(\.severity).max()?.rawValue ?? "ok", forKey: .verdict)
  }

  /// True where something would spoil the run.
  package var isSpoilt: Bool { findings.contains { $0.severity >= .warning } }

  /// Reads every dataset of a recipe and walks its rounds.
  ///
  /// - Throws: errors of the recipe, and of files that are missing or cannot be read; faults of rows are findings.
  package init(_ recipe: Recipe, text: TextEncoding) throws {
    try recipe.checkEvaluations()
    try text.checkLengths(of: recipe)
    let collector = RowCollector(recipe.defaults, tokenizer: text.tokenizer)
    var loader = UnionLoader(recipe, text: text) { collector.add($0, of: $1) }
    var rounds: [RoundShares] = []
    var datasets: [DatasetSummary] = []
    var findings: [Finding] = []
    /// Does what reads rows; a fault of theirs is a finding, named once although several rounds read the rows.
    func reading<Value>(_ round: ResolvedRound, _ read: () throws -> Value) throws -> Value? {
      do {
        return try read()
      } catch let error as DatasetError where error.exitCode == 65 {
        if !findings.contains(where: { $0.what == error.description }) {
          findings.append(Finding(.fault, .rows, round: round.name, dataset: nil, error.description, remedy: ""))
        }
        return nil
      }
    }

    var heldOut: [Int?] = []
    for round in recipe.rounds {
      let rows = try reading(round) { try loader.heldOutRows(of: round)?.statistics.rows ?? 0 }
      heldOut.append(rows)
    }
    for (index, round) in recipe.rounds.enumerated() {
      collector.settings = round.settings
      guard let union = try reading(round, { try loader.union(ofRound: index) }) else { continue }
      for dataset in union where !datasets.contains(where: { $0.file == dataset.files.path && $0.name == dataset.name })
      {
        let name = dataset.name
        let key = name == RunInputs.baseReplayName ? "\(name) \(dataset.files.path)" : name
        guard let facts = collector.facts[key] else { continue }
        let shared = collector.shared.filter { $0.key.dataset == key }.sorted { $0.key.earlier < $1.key.earlier }.map {
          DatasetSummary.Shared(dataset: $0.key.earlier, rows: $0.value.count, place: $0.value.first)
        }
        datasets.append(DatasetSummary(dataset, name: name, of: round, facts, shared: shared))
      }
      let shares = RoundShares(recipe, round: index + 1, over: union)
      // Rows of large files are encoded as they are drawn.
      if let fault = union.lazy.compactMap({ $0.drawn?.fault }).first {
        _ = try reading(round) { throw fault } as Void?
      }
      let longest = datasets.filter { summary in union.contains { $0.name == summary.name } }.map(\.lengths.max).max()
      rounds.append(shares)
      findings += shares.findings
      if let rows = heldOut[index] {
        findings += round.findings(steps: shares.steps, method: recipe.method, heldOut: rows, longest: longest)
      }
    }
    leaks = loader.leaks.reports(allowed: recipe.allowLeaks)
    findings += leaks.findings + datasets.flatMap(\.findings)
    self.rounds = rounds
    self.datasets = datasets
    // Sorting by the subjects' order keeps a subject's findings together; the sort is stable.
    self.findings = Finding.Severity.allCases.reversed().flatMap { severity in
      Finding.Subject.allCases.flatMap { subject in
        findings.filter { $0.severity == severity && $0.subject == subject }
      }
    }
  }
}

extension [LeakReport] {
  /// Findings on held-out rows that stand among training rows, or have much in common with them.
  fileprivate var findings: [Finding] {
    let refused = refusal.map { [Finding(.fault, .leaks, $0.description, remedy: "")] } ?? []
    return refused + notes.map { Finding(.note, .leaks, $0, remedy: "") }
  }
}
