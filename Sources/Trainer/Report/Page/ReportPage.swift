/// Page report.html: one file, without scripts, that needs no network; the first questions of a researcher come first.
package struct ReportPage {
  let records: RunRecords
  let figures: ReportFigures
  /// Names of the figures' files in the folder `figures` beside the page.
  let figureFiles: [String]

  /// Text of the whole document.
  var html: String {
    let sections = [
      matrixSection, trainingSection, tokensSection, samplesSection, speedSection, roundsSection, recipeSection,
    ].compactMap { $0 }
    let links = sections.map { "<a href=\"#\($0.id)\">\($0.title)</a>" as Markup }
    let document: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
      <meta name="generator" content="accrete"/>
      <title>\(name): report of a run</title>
      <style>
      \(Markup(stringLiteral: PageStyle.css))\(Markup(stringLiteral: FigureStyle.css))</style>
      </head>
      <body>
      <header>
      <h1>\(name)</h1>
      <p class="quiet">\(subtitle)</p>
      <nav aria-label="Sections">\(Markup(links, separator: " "))</nav>
      </header>
      <main>
      \(Markup(notices + [headline]))
      \(Markup(sections.map(\.markup)))
      </main>
      \(footer)
      </body>
      </html>

      """
    return document.text
  }

  /// Part of the page with a heading of its own.
  struct Section {
    let id: String
    let title: String
    let content: [Markup]

    var markup: Markup {
      "<section id=\"\(id)\" aria-labelledby=\"\(id)-heading\">\n<h2 id=\"\(id)-heading\">\(title)</h2>\n"
        + Markup(content) + "\n</section>"
    }
  }

  /// Name of the run, which is its folder's.
  var name: String { records.folder.lastPathComponent }

  private var subtitle: String {
    let rounds = records.keptRounds
    var parts: [String] = []
    let planned = records.datasets.count
    parts.append(rounds.count == planned ? Self.counted(planned, "round") : "\(rounds.count) of \(planned) rounds")
    if records.steps.count > 0 {
      parts.append(Self.counted(records.steps.count, "step"))
      parts.append("\(Numeral.count(records.steps.tokens.reduce(0, +))) tokens")
    }
    let seconds = records.rounds.reduce(0) { $0 + $1.seconds }
    if seconds > 0 { parts.append(Numeral.duration(seconds)) }
    var devices: [String] = []
    for round in records.rounds where !round.device.isEmpty && !devices.contains(round.device) {
      devices.append(round.device)
    }
    parts += devices.isEmpty ? [records.base?.device ?? ""].filter { !$0.isEmpty } : devices
    return parts.joined(separator: " · ")
  }

  // MARK: - Parts that all sections use

  static func counted(_ number: Int, _ noun: String) -> String {
    "\(Numeral.count(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  /// Drawing with its title above.
  func figure(_ drawing: ReportFigures.Drawing?, note: String = "") -> Markup? {
    guard let drawing else { return nil }
    return """
      <figure><figcaption><b>\(drawing.wide.title)</b>\(note)</figcaption>
      \(drawing.markup)
      </figure>
      """
  }

  /// Table that scrolls by itself where it is wider than the screen.
  ///
  /// - Parameters:
  ///   - textColumns: indices of the columns, besides the first, that hold words rather than numbers.
  ///   - optionalColumns: indices of the columns that are left out where every row is empty there.
  func table(
    _ caption: String, head: [String], rows: [[Markup]], textColumns: Set<Int> = [], optionalColumns: Set<Int> = []
  ) -> Markup {
    func kind(_ column: Int) -> Markup { textColumns.contains(column) ? " class=\"text\"" : "" }
    let shown = head.indices.filter { column in
      !optionalColumns.contains(column) || rows.contains { $0[column].text != Numeral.none }
    }
    let header = shown.map { "<th scope=\"col\"\(kind($0))>\(head[$0])</th>" as Markup }
    let body = rows.map { row -> Markup in
      let cells = shown.map { column -> Markup in
        column == 0 ? "<th scope=\"row\">\(row[column])</th>" : "<td\(kind(column))>\(row[column])</td>"
      }
      return "<tr>\(Markup(cells, separator: ""))</tr>"
    }
    return """
      <p class="quiet caption">\(caption)</p>
      <div class="scroll" tabindex="0" role="group" aria-label="\(caption)"><table class="list">
      <thead><tr>\(Markup(header, separator: ""))</tr></thead>
      <tbody>
      \(Markup(body))
      </tbody></table></div>
      """
  }

  private var footer: Markup {
    let files = figureFiles.map { "<a href=\"figures/\($0)\">\($0)</a>" as Markup }
    let list: Markup = files.isEmpty ? "" : "Figures as files: \(Markup(files, separator: ", ")). "
    return """
      <footer class="quiet"><p>\(list)Curves for TensorBoard: <code>tensorboard --logdir tensorboard</code> in this
      folder.</p></footer>
      """
  }
}
