/// transfer.json: the matrix, and the figures that are drawn from it.
package struct TransferReport: Encodable, Sendable {
  /// What a metric's matrix comes to, more being better; null where it cannot be drawn yet.
  package struct Figures: Encodable, Sendable {
    package let backwardTransfer: Double?
    package let forwardTransfer: Double?
    package let forgetting: Double?
    package let finalMean: Double?

    private enum CodingKeys: CodingKey {
      case backwardTransfer, forwardTransfer, forgetting, finalMean
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(backwardTransfer, forKey: .backwardTransfer)
      try container.encode(forwardTransfer, forKey: .forwardTransfer)
      try container.encode(forgetting, forKey: .forgetting)
      try container.encode(finalMean, forKey: .finalMean)
    }
  }

  package let matrix: TransferMatrix
  package let figures: [String: Figures]

  package init(_ matrix: TransferMatrix) {
    self.matrix = matrix
    figures = Dictionary(
      uniqueKeysWithValues: matrix.metrics.map { name, rows in
        let table = matrix.table(name)
        return (
          name,
          Figures(
            backwardTransfer: table.backwardTransfer, forwardTransfer: table.forwardTransfer,
            forgetting: table.forgetting, finalMean: ScoreTable.mean(rows.last ?? []))
        )
      })
  }

  private enum CodingKeys: CodingKey {
    case datasets, loss, metrics, standardErrors, figures, general, drift
    case backwardTransfer, forwardTransfer, forgetting, finalMeanLoss
  }

  /// Every key is there: a figure that cannot be drawn yet is null.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(matrix.datasets, forKey: .datasets)
    try container.encode(matrix.loss, forKey: .loss)
    try container.encode(matrix.metrics, forKey: .metrics)
    try container.encode(matrix.standardErrors, forKey: .standardErrors)
    try container.encode(figures, forKey: .figures)
    try container.encode(matrix.general, forKey: .general)
    try container.encode(matrix.drift, forKey: .drift)
    try container.encode(matrix.backwardTransfer, forKey: .backwardTransfer)
    try container.encode(matrix.forwardTransfer, forKey: .forwardTransfer)
    try container.encode(matrix.forgetting, forKey: .forgetting)
    try container.encode(matrix.finalMeanLoss, forKey: .finalMeanLoss)
  }

  /// The matrices as tables for a terminal.
  package var table: String {
    var lines = rows("held-out loss", matrix.loss)
    lines.append(
      Self.line([
        ("final mean loss", matrix.finalMeanLoss), ("backward transfer", matrix.backwardTransfer),
        ("forgetting", matrix.forgetting), ("drift on the general text", matrix.drift),
      ]).map { $0 + " (nats)" } ?? "")
    for (name, values) in matrix.metrics.sorted(by: { $0.key < $1.key }) {
      lines += [""] + rows(name, values)
      lines.append(
        Self.line([
          ("backward transfer", figures[name]?.backwardTransfer), ("forgetting", figures[name]?.forgetting),
        ]) ?? "")
    }
    return lines.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private func rows(_ title: String, _ values: [[Double?]]) -> [String] {
    let datasets = matrix.datasets
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

  /// Three digits after the point; a number without end, or one that has run away, as Swift writes it.
  package static func format(_ value: Double) -> String {
    guard abs(value) < 1e12 else { return "\(value)" }
    let thousandths = Int((abs(value) * 1000).rounded())
    let fraction = String(thousandths % 1000)
    let sign = value < 0 && thousandths > 0 ? "-" : ""
    return sign + "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }
}
