import Trainer

/// Cells in columns: texts aligned left, numbers right.
struct TextTable {
  private var rows: [[String]]
  /// Indices of the columns of text.
  private let texts: Set<Int>

  /// - Parameters:
  ///   - header: the columns' titles.
  ///   - texts: indices of the columns that hold text; the others hold numbers.
  init(_ header: [String], texts: Set<Int>) {
    rows = [header.map(printable)]
    self.texts = texts
  }

  /// Adds a row; control characters are escaped before widths are measured.
  mutating func add(_ row: [String]) { rows.append(row.map(printable)) }

  /// The header and the rows, one line each.
  var lines: [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).enumerated().map { column, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return texts.contains(column) ? cell.0 + space : space + cell.0
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
