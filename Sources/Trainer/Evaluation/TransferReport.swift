/// transfer.json: the matrix, and the figures that are drawn from it.
package struct TransferReport: Encodable, Sendable {
  package let datasets: [String]
  /// Row 0 is M0, row i the model after round i; null where a dataset has no held-out rows.
  package let loss: [[Double?]]
  package let metrics: [String: [[Double?]]]
  package let backwardTransfer: Double?
  package let forwardTransfer: Double?
  package let forgetting: Double?
  package let finalMeanLoss: Double?

  package init(_ matrix: TransferMatrix) {
    datasets = matrix.datasets
    loss = matrix.loss
    metrics = [:]
    backwardTransfer = matrix.backwardTransfer
    forwardTransfer = matrix.forwardTransfer
    forgetting = matrix.forgetting
    finalMeanLoss = matrix.finalMeanLoss
  }

  private enum CodingKeys: CodingKey {
    case datasets, loss, metrics, backwardTransfer, forwardTransfer, forgetting, finalMeanLoss
  }

  /// Every key is there: a figure that cannot be drawn yet is null.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(datasets, forKey: .datasets)
    try container.encode(loss, forKey: .loss)
    try container.encode(metrics, forKey: .metrics)
    try container.encode(backwardTransfer, forKey: .backwardTransfer)
    try container.encode(forwardTransfer, forKey: .forwardTransfer)
    try container.encode(forgetting, forKey: .forgetting)
    try container.encode(finalMeanLoss, forKey: .finalMeanLoss)
  }

  /// The matrix as a table for a terminal.
  package var table: String {
    let width = max(10, (datasets.map(\.count).max() ?? 0) + 2)
    func cell(_ text: String) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
    let first = max(16, (datasets.map(\.count).max() ?? 0) + 6)
    func label(_ text: String) -> String { text + String(repeating: " ", count: max(1, first - text.count)) }
    var lines = [label("held-out loss") + datasets.map(cell).joined()]
    for (index, row) in loss.enumerated() {
      let name = index == 0 ? "M0" : "M\(index) \(datasets[index - 1])"
      lines.append(label(name) + row.map { cell($0.map(Self.format) ?? "–") }.joined())
    }
    var figures: [String] = []
    if let finalMeanLoss { figures.append("final mean loss \(Self.format(finalMeanLoss))") }
    if let backwardTransfer { figures.append("backward transfer \(Self.format(backwardTransfer))") }
    if let forgetting { figures.append("forgetting \(Self.format(forgetting))") }
    if !figures.isEmpty { lines.append(figures.joined(separator: ", ") + " (nats)") }
    return lines.joined(separator: "\n")
  }

  /// Three digits after the point.
  package static func format(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    let thousandths = Int((abs(value) * 1000).rounded())
    let fraction = String(thousandths % 1000)
    let sign = value < 0 && thousandths > 0 ? "-" : ""
    return sign + "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }
}
