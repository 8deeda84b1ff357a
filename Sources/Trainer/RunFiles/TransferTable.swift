extension TransferFile {
  /// Matrices of the loss and of each metric as tables for a terminal.
  package var table: String {
    var lines = rows("held-out loss", matrix.loss)
    let figures = Self.line([
      ("final mean loss", loss.figures.finalMean), ("backward transfer", loss.figures.backwardTransfer),
      ("forgetting", loss.figures.forgetting), ("drift on the general text", drift),
    ])
    lines.append(figures.map { $0 + " (nats)" } ?? "")
    for metric in metrics {
      lines += [""] + rows(metric.name, metric.rows)
      lines.append(
        Self.line([
          ("backward transfer", metric.figures.backwardTransfer), ("forgetting", metric.figures.forgetting),
        ]) ?? "")
    }
    return lines.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private func rows(_ title: String, _ values: [[Double?]]) -> [String] {
    let width = max(10, (datasets.map(\.count).max() ?? 0) + 2)
    func cell(_ text: String) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
    let first = max(16, (datasets.map(\.count).max() ?? 0) + 6)
    func label(_ text: String) -> String { text + String(repeating: " ", count: max(1, first - text.count)) }
    return [label(title) + datasets.map(cell).joined()]
      + values.enumerated().map { index, row in
        label(index == 0 ? "M0" : "M\(index) \(datasets[index - 1])")
          + row.map { cell($0.map(Self.format) ?? "–") }.joined()
      }
  }

  private static func line(_ figures: [(name: String, value: Double?)]) -> String? {
    let known = figures.compactMap { name, value in value.map { "\(name) \(format($0))" } }
    return known.isEmpty ? nil : known.joined(separator: ", ")
  }

  /// Text of a number with three digits after the point; one that is not finite, or beyond 10¹², as Swift writes it.
  package static func format(_ value: Double) -> String {
    guard abs(value) < 1e12 else { return "\(value)" }
    let thousandths = Int((abs(value) * 1000).rounded())
    let fraction = String(thousandths % 1000)
    let sign = value < 0 && thousandths > 0 ? "-" : ""
    return sign + "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }
}
