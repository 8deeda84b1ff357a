/// Heat map of a measure of every dataset after every round: numbers, coloured by the change against M0.
///
/// Blue is better, orange is worse, and the change is written out; a frame marks a dataset's own round.
struct HeatMap {
  let name: String
  let title: String
  /// Words that explain number and colour.
  let note: String
  let measure: TransferFile.Measure
  /// Indices of the datasets to show, into the columns of the matrix.
  let columns: [Int]
  let datasets: [String]

  /// Opacity of the largest change: text stays readable on it, in light and dark.
  static let strongest = 0.55

  /// Name of a row's model.
  static func rowLabel(_ row: Int, _ datasets: [String]) -> String {
    row == 0 ? "M0 base" : row <= datasets.count ? "M\(row) \(datasets[row - 1])" : "M\(row)"
  }

  /// Number of a cell and its change against M0, positive where better.
  struct Cell {
    let value: Double?
    let standardError: Double?
    let gain: Double?
    /// True where this row's round brings the dataset.
    let isOwnRound: Bool
    /// Size of the change, as a share of the largest in the matrix.
    let strength: Double
  }

  /// Cells to show, row by row, and the digits after the point that suit their size.
  var cells: (rows: [[Cell]], digits: Int) {
    let gains = measure.rows.map { row in columns.map { measure.gain(of: row[$0], over: measure.rows[0][$0]) } }
    let largest = gains.flatMap { $0 }.compactMap { $0.map(abs) }.max() ?? 0
    let magnitude = measure.rows.flatMap { row in columns.compactMap { row[$0].map(abs) } }.max() ?? 0
    let rows = measure.rows.indices.map { row in
      columns.enumerated().map { place, column in
        let gain = gains[row][place]
        let errors = row < measure.standardErrors.count ? measure.standardErrors[row] : nil
        return Cell(
          value: measure.rows[row][column], standardError: errors?[column], gain: row == 0 ? nil : gain,
          isOwnRound: row == column + 1, strength: largest > 0 ? abs(gain ?? 0) / largest : 0)
      }
    }
    return (rows, Numeral.digits(for: magnitude))
  }

  /// Figure, as wide as its cells need.
  var figure: Figure {
    let (rows, digits) = cells
    let hasErrors = rows.contains { $0.contains { $0.standardError != nil } }
    let labels = rows.indices.map { Self.rowLabel($0, datasets) }
    let names = columns.map { datasets[$0] }
    let left = (labels.map { FigureStyle.textWidth($0) }.max() ?? 0) + 16
    let cellWidth = max(hasErrors ? 124 : 96, (names.map { FigureStyle.textWidth($0) }.max() ?? 0) + 16)
    let (top, cellHeight) = (26.0, 48.0)
    let width = max(left + cellWidth * Double(columns.count), 480)
    let end = top + cellHeight * Double(rows.count)

    var parts: [Markup] = []
    for (place, name) in names.enumerated() {
      parts.append("<text x=\"\(left + (Double(place) + 0.5) * cellWidth)\" y=\"14\" class=\"middle\">\(name)</text>")
    }
    for (row, cells) in rows.enumerated() {
      let y = top + Double(row) * cellHeight
      parts.append("<text x=\"\(left - 12)\" y=\"\(y + cellHeight / 2 + 4)\" class=\"end\">\(labels[row])</text>")
      for (place, cell) in cells.enumerated() {
        parts.append(drawn(cell, digits: digits, x: left + Double(place) * cellWidth, y: y, cellWidth, cellHeight))
      }
    }
    parts.append("<text x=\"0\" y=\"\(end + 22)\" class=\"quiet\">\(note)</text>")
    let legend = "blue is better than the base, orange worse; the frame marks a dataset's own round"
    parts.append("<text x=\"0\" y=\"\(end + 38)\" class=\"quiet\">\(legend)</text>")
    let spoken = zip(labels, rows).map { label, cells in
      label + ": " + zip(names, cells).map { "\($0) \(Numeral.fixed($1.value, digits))" }.joined(separator: ", ")
    }
    return Figure(
      name: name, title: title, description: spoken.joined(separator: "; "), width: width, height: end + 44,
      elements: Markup(parts))
  }

  private func drawn(
    _ cell: Cell, digits: Int, x: Double, y: Double, _ width: Double, _ height: Double
  ) -> Markup {
    let box: Markup = """
      x="\(x + 1.5)" y="\(y + 1.5)" width="\(width - 3)" height="\(height - 3)" rx="3"
      """
    var parts: [Markup] = []
    if let gain = cell.gain, gain != 0 {
      let opacity = Numeral.fixed(Self.strongest * cell.strength)
      parts.append("<rect \(box) class=\"\(gain > 0 ? "better" : "worse")\" fill-opacity=\"\(opacity)\"/>")
    }
    parts.append("<rect \(box) class=\"\(cell.isOwnRound ? "own" : "cell")\"/>")
    let center = x + width / 2
    let number = Numeral.fixed(cell.value, digits)
    let hasChange = cell.gain != nil
    let error = cell.standardError.map { " ± " + Numeral.fixed($0, digits) } ?? ""
    parts.append(
      """
      <text x="\(center)" y="\(y + (hasChange ? 22 : 29))" class="middle"><tspan class="strong">\(number)</tspan>\
      \(error)</text>
      """)
    if let gain = cell.gain {
      let change = Numeral.signed(measure.lowerIsBetter ? -gain : gain, digits)
      parts.append("<text x=\"\(center)\" y=\"\(y + 38)\" class=\"quiet middle\">\(change)</text>")
    }
    return Markup(parts)
  }
}
