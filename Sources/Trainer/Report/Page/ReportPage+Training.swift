extension ReportPage {
  /// Transfer matrices, and forgetting by dataset.
  var matrixSection: Section? {
    guard !figures.matrices.isEmpty else { return nil }
    let explanation: Markup = """
      <p class="quiet">A row is a model, a column a dataset. Blue is better than the base, orange worse; the frame marks
      a dataset's own round: below it stands what later rounds kept.</p>
      """
    let maps = figures.matrices.map { map -> Markup in
      "<figure><figcaption><b>\(map.title)</b>\(map.note)</figcaption>\n\(matrix(map))\n</figure>"
    }
    return Section(
      id: "transfer", title: "Transfer",
      content: [explanation, "<div class=\"maps\">\n\(Markup(maps))\n</div>"]
        + [figure(figures.forgetting)].compactMap { $0 })
  }

  /// Heat map as a table: its numbers are text, and it scrolls beside its row names on a narrow screen.
  private func matrix(_ map: HeatMap) -> Markup {
    let (rows, digits) = map.cells
    let head = map.columns.map { "<th scope=\"col\">\(map.datasets[$0])</th>" as Markup }
    let body = rows.enumerated().map { row, cells -> Markup in
      let drawn = cells.map { cell -> Markup in
        let color = cell.gain.map { $0 > 0 ? "better" : $0 < 0 ? "worse" : "" } ?? ""
        let kind = color + (cell.isOwnRound ? " own" : "")
        let error: Markup = cell.standardError.map { " ± \(Numeral.fixed($0, digits))" } ?? ""
        let change: Markup =
          cell.gain.map { "<small>\(Numeral.signed(map.measure.lowerIsBetter ? -$0 : $0, digits))</small>" } ?? ""
        return """
          <td class="\(kind)" style="--strength:\(Numeral.fixed(cell.strength))"><b>\(Numeral.fixed(cell.value, digits))\
          </b>\(error)\(change)</td>
          """
      }
      let label = HeatMap.rowLabel(row, map.datasets)
      return "<tr><th scope=\"row\">\(label)</th>\(Markup(drawn, separator: ""))</tr>"
    }
    return """
      <div class="scroll" tabindex="0" role="group" aria-label="\(map.title)"><table class="matrix">
      <thead><tr><td></td>\(Markup(head, separator: ""))</tr></thead>
      <tbody>
      \(Markup(body))
      </tbody></table></div>
      """
  }

  /// Curves over the steps.
  var trainingSection: Section? {
    let pair = [figure(figures.learningRate), figure(figures.gradientNorm)].compactMap { $0 }
    let content = [
      figure(figures.loss, note: "faint: each step; full: its running mean, anew in each round"),
      pair.isEmpty ? nil : "<div class=\"pair\">\(Markup(pair))</div>",
      figure(figures.validation, note: "each mark is an evaluation"),
      figure(figures.drift),
    ].compactMap { $0 }
    return content.isEmpty ? nil : Section(id: "training", title: "Training", content: content)
  }

  /// Tokens and rows that each round read of each dataset.
  var tokensSection: Section? {
    guard let drawing = figure(figures.tokens) else { return nil }
    let datasets = records.datasets
    let rows = records.rounds.map { round -> [Markup] in
      let cells = datasets.map { name -> Markup in
        guard let share = round.datasets.first(where: { $0.name == name }) else { return "\(Numeral.none)" }
        let rows = Self.counted(share.rowsSeen, "row")
        return "\(Numeral.count(share.tokensSeen)) <span class=\"quiet\">in \(rows)</span>"
      }
      return ["\(round.round) \(round.name)"] + cells
    }
    let numbers = table("Tokens and rows read, by round and dataset", head: ["round"] + datasets, rows: rows)
    return Section(
      id: "data", title: "Data", content: [drawing, "<details><summary>As numbers</summary>\(numbers)</details>"])
  }
}
