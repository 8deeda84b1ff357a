import Trainer

/// Formats runs as tables: rounds of one, differences between two.
enum RoundsPrinter {
  static func lines(of run: RunListing) -> [String] {
    let origin = run.origin.map { ", a branch of \($0.parentRun) from round \($0.fromRound)" } ?? ""
    var table = TextTable(
      ["round", "name", "parent", "steps", "final loss"] + run.datasets.map { "loss " + $0 }
        + ["mean", "tokens", "seconds", "device"],
      texts: [1, 2, 8 + run.datasets.count])
    for round in run.rounds {
      let summary = round.summary
      table.add(
        ["\(summary.round)", name(round), summary.parent ?? "–", "\(summary.steps)", number(summary.finalLoss)]
          + run.datasets.indices.map { number(round.loss.indices.contains($0) ? round.loss[$0] : nil) }
          + [number(round.meanLoss), "\(round.tokens)", number(summary.seconds, digits: 1), summary.device])
    }
    var lines = [run.folder.path + origin, ""] + table.lines
    for measure in run.transfer?.metrics ?? [] {
      var scores = TextTable(["round", measure.name] + run.datasets, texts: [1])
      for round in run.rounds {
        guard let row = round.metrics[measure.name] else { continue }
        scores.add(["\(round.summary.round)", name(round)] + row.map { number($0) })
      }
      lines += [""] + scores.lines
    }
    let loss = run.transfer?.loss
    let figures = [
      ("final mean loss", loss?.figures.finalMean), ("backward transfer", loss?.figures.backwardTransfer),
      ("forward transfer", loss?.figures.forwardTransfer), ("forgetting", loss?.figures.forgetting),
    ].compactMap { title, value in value.map { "\(title) \(number($0))" } }
    if !figures.isEmpty { lines += ["", figures.joined(separator: ", ") + " (nats)"] }
    if !run.branches.isEmpty {
      let names = run.branches.map { branch in
        branch.name + (branch.fromRound.map { " (from round \($0))" } ?? "")
      }
      lines += ["", "branches: " + names.joined(separator: ", ")]
    }
    return lines
  }

  static func lines(of comparison: RunComparison) -> [String] {
    var lines = ["first:  \(comparison.runs[0])", "second: \(comparison.runs[1])", ""]
    if comparison.recipe.isEmpty {
      lines.append("the recipes are the same")
    } else {
      var recipe = TextTable(["recipe", "first", "second"], texts: [0, 1, 2])
      for change in comparison.recipe {
        recipe.add([change.key, change.before ?? "not set", change.after ?? "not set"])
      }
      lines += recipe.lines
    }
    if comparison.datasets.isEmpty { lines += ["", "the runs have no dataset in common"] }
    for (metric, rows) in [("loss", comparison.loss)] + comparison.metrics.sorted(by: { $0.key < $1.key }) {
      guard !comparison.datasets.isEmpty, !rows.isEmpty else { continue }
      var table = TextTable([metric + ", second less first"] + comparison.datasets, texts: [0])
      for (label, row) in zip(comparison.rows, rows) { table.add([label] + row.map { number($0) }) }
      lines += [""] + table.lines
    }
    var figures = TextTable(["", "first", "second", "second less first"], texts: [0])
    for (metric, values) in comparison.figures.sorted(by: { rank($0.key) < rank($1.key) }) {
      for (name, figure) in values.sorted(by: { $0.key < $1.key }) {
        figures.add(cells("\(metric) " + name.split(separator: "_").joined(separator: " "), figure, digits: 3))
      }
    }
    figures.add(cells("seconds", comparison.seconds, digits: 1))
    figures.add(cells("tokens", comparison.tokens, digits: 0))
    return lines + [""] + figures.lines
  }

  /// Sort key that puts the loss first, then the metrics by name.
  private static func rank(_ metric: String) -> String { metric == "loss" ? "" : metric }

  private static func name(_ round: RunListing.Round) -> String {
    round.summary.isRefused ? round.summary.name + " (refused)" : round.summary.name
  }

  private static func cells(_ name: String, _ figure: RunComparison.Figure, digits: Int) -> [String] {
    [name] + [figure.first, figure.second, figure.difference].map { number($0, digits: digits) }
  }

  /// A number with `digits` decimals, 0, 1 or 3; "–" for nil.
  private static func number(_ value: Double?, digits: Int = 3) -> String {
    guard let value else { return "–" }
    if digits == 3 { return TransferFile.format(value) }
    guard digits > 0 else { return "\(Int(value))" }
    return "\((value * 10).rounded() / 10)"
  }
}
