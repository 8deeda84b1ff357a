import Foundation

import Trainer

/// The folder of a run whose files are written by hand; it goes when the fixture goes.
final class ReportFixture {
  let folder = FileManager.default.temporaryDirectory.appending(path: "report-\(UUID().uuidString)")

  /// A run of two rounds, `one` and `two & <three>`, of four steps each, with every file that a run can have.
  init() throws {
    try write("seed: 0\nrounds: # <script>alert('recipe')</script>\n", "recipe.yaml")
    try write(Self.metrics, "metrics.jsonl")
    try write(
      #"{"round": 1, "name": "one", "step": 2, "losses": [3.5, null]}"# + "\n", "evaluations.jsonl")
    try write(Self.transfer, "transfer.json")
    try write(Self.record(0, "base"), "rounds/00-base/round.json")
    try write(Self.record(1, "one"), "rounds/01-one/round.json")
    try write(Self.record(2, Self.secondName), "rounds/02-two/round.json")
    try write(Self.sample("I cannot </p>"), "rounds/00-base/samples.jsonl")
    try write(Self.sample("<b>yes</b>"), "rounds/02-two/samples.jsonl")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  static let secondName = "two & <three>"

  func file(_ path: String) -> URL { folder.appending(path: path) }

  func write(_ text: String, _ path: String) throws {
    let url = file(path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// Read while the fixture lives: its folder goes with it.
  func records() throws(FileError) -> RunRecords { try RunRecords(folder: folder) }

  /// Writes the report, while the fixture lives.
  func report() throws -> RunReport.Files { try RunReport(folder: folder).write() }

  func text(_ path: String) throws -> String { try String(contentsOf: file(path), encoding: .utf8) }

  func remove(_ path: String) throws { try FileManager.default.removeItem(at: file(path)) }

  /// One line of metrics.jsonl.
  static func step(_ round: Int, _ name: String, _ step: Int, loss: String) -> String {
    """
    {"round": \(round), "name": "\(name)", "step": \(step), "loss": \(loss), "learning_rate": 0.0, "grad_norm": 1.5,
    "tokens": 100, "supervised_tokens": 50, "tokens_per_second": 250.5, "bytes_to_device": 192, "bytes_from_device": 12}
    """.replacing("\n", with: " ") + "\n"
  }

  private static let metrics = [(1, "one"), (2, secondName)].map { round, name in
    (1...4).map { step(round, name, $0, loss: $0 == 3 ? "null" : "\(5 - $0)") }.joined()
  }.joined()

  private static let transfer = """
    {"datasets": ["one", "\(secondName)"], "loss": [[4.0, 6.0], [2.0, 5.0], [2.25, 1.5]],
    "metrics": {"chrf": [[10.0, null], [30.0, null], [25.0, null]]},
    "standard_errors": {"chrf": [[1.25, null], [1.5, null], [1.75, null]]},
    "figures": {"chrf": {"backward_transfer": -5.0, "forward_transfer": null, "forgetting": 5.0, "final_mean": 25.0}},
    "general": [3.0, 3.1, 3.25], "drift": 0.25,
    "backward_transfer": -0.25, "forward_transfer": 1.0, "forgetting": 0.25, "final_mean_loss": 1.875}
    """

  static func record(_ round: Int, _ name: String) -> String {
    """
    {"round": \(round), "name": "\(name)", "parent": "0\(max(round - 1, 0))-x", "parent_sha256": "ab12",
    "sha256": "cd34ef56aa77", "datasets": [{"name": "one", "path": "/x", "sha256": "", "rows": 20, "tokens": 900,
    "cut": 0, "dropped": 0, "rows_seen": 12, "tokens_seen": 400}], "steps": 4, "final_loss": 1.0, "seconds": 8,
    "device": "PoCL", "family": "panel", "loss": [2.0, 5.0], "planned_bytes": 3145728, "peak_bytes": 2097152,
    "finished": "2026-03-0\(round + 1)T12:00:00Z", "best_step": 3, "stopped_early": false, "leaks": [],
    "settings": {"learning_rate": \(round == 2 ? "5e-05" : "0.0001"), "max_steps": 4}}
    """
  }

  private static func sample(_ completion: String) -> String {
    """
    {"dataset": "one", "prompt": "<script>alert('prompt')</script>", "reference": "right", "completion": "\(completion)"}

    """
  }
}
