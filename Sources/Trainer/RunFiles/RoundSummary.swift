import Foundation

/// A round's folder as the report shows it: round.json, whatever version wrote it, and the samples beside it.
package struct RoundSummary: Sendable {
  /// One dataset of the round's union.
  package struct DatasetShare: Sendable, Equatable {
    package var name: String
    package var rows: Int?
    package var rowsSeen: Int
    package var tokensSeen: Int
  }

  /// The folder's name, such as `02-sentiment`.
  package var folder: String
  package var number: Int
  package var name: String
  /// Whether the gate refused the round: its model was kept aside.
  package var isRefused: Bool
  package var parent: String?
  package var parentHash: String?
  package var hash: String?
  package var datasets: [DatasetShare]
  package var steps: Int
  package var bestStep: Int?
  package var stoppedEarly: Bool
  package var finalLoss: Double?
  /// Losses on each dataset's held-out rows after the round, null where it has none.
  package var loss: [Double?]
  package var seconds: Double
  /// When the round ended; nil where the record does not say.
  package var finished: Date?
  package var device: String
  package var kernelFamily: String?
  package var plannedBytes: Int?
  package var peakBytes: Int?
  /// Bytes to and from the device for saving the model, and for the evaluation after the round.
  package var bytesOfSave: (to: Int, from: Int)?
  package var bytesOfEvaluation: (to: Int, from: Int)?
  /// Held-out rows that stood in training data and were allowed; nil where the record does not say.
  package var leaks: Int?
  /// The round's training keys, in the order of the file.
  package var settings: [(key: String, value: String)]
  package var samples: [SampleRecord]

  /// Reads the folder of a round; nil where it holds no round.json yet.
  init?(folder url: URL) throws(FileError) {
    let path = url.appending(path: "round.json").path
    guard let file = try RecordObject(file: path) else { return nil }
    folder = url.lastPathComponent
    number = try file.required("round", try file.integer("round"))
    name = try file.required("name", try file.text("name"))
    isRefused = folder.hasSuffix(".refused")
    parent = try file.text("parent")
    parentHash = try file.text("parent_sha256")
    hash = try file.text("sha256")
    datasets = []
    for value in try file.list("datasets") ?? [] {
      let share = try RecordObject(value, path: path)
      datasets.append(
        DatasetShare(
          name: try share.required("name", try share.text("name")), rows: try share.integer("rows"),
          rowsSeen: try share.integer("rows_seen") ?? 0, tokensSeen: try share.integer("tokens_seen") ?? 0))
    }
    steps = try file.integer("steps") ?? 0
    bestStep = try file.integer("best_step")
    stoppedEarly = try file.flag("stopped_early") ?? false
    finalLoss = try file.number("final_loss")
    loss = try file.numbers("loss") ?? []
    seconds = try file.number("seconds") ?? 0
    finished = try file.text("finished").flatMap { try? Date($0, strategy: .iso8601) }
    device = try file.text("device") ?? ""
    kernelFamily = try file.text("family")
    plannedBytes = try file.integer("planned_bytes")
    peakBytes = try file.integer("peak_bytes")
    bytesOfSave = try Self.bytes(try file.object("transfer_of_save"))
    bytesOfEvaluation = try Self.bytes(try file.object("transfer_of_evaluation"))
    leaks = file.present("leaks").flatMap { $0.array?.count ?? $0.integer }
    settings = try Self.flat(try file.object("settings"))
    samples = try SampleRecord.read(url.appending(path: SampleFile.name).path)
  }

  private static func bytes(_ record: RecordObject?) throws(FileError) -> (to: Int, from: Int)? {
    guard let record else { return nil }
    return (try record.integer("bytes_to_device") ?? 0, try record.integer("bytes_from_device") ?? 0)
  }

  /// Inner keys as the command line writes them, with dots.
  private static func flat(_ record: RecordObject?) throws(FileError) -> [(key: String, value: String)] {
    guard let record else { return [] }
    var settings: [(key: String, value: String)] = []
    for (key, value) in record.members.members {
      if let inner = value.object {
        settings += inner.members.map { ("\(key).\($0.key)", $0.value.shortText) }
      } else {
        settings.append((key, value.shortText))
      }
    }
    return settings
  }
}

/// An answer to a held-out row's prompt, as a line of samples.jsonl.
package struct SampleRecord: Sendable, Equatable {
  package var dataset: String
  package var prompt: String
  /// What the row's own completion is; nil where it has none.
  package var reference: String?
  package var completion: String

  /// Reads the file at `path`; none where it is absent.
  static func read(_ path: String) throws(FileError) -> [SampleRecord] {
    var samples: [SampleRecord] = []
    try RecordLines.read(path) { entry throws(FileError) in
      let line = try entry.object()
      samples.append(
        SampleRecord(
          dataset: try line.required("dataset", try line.text("dataset")), prompt: try line.text("prompt") ?? "",
          reference: try line.text("reference"), completion: try line.text("completion") ?? ""))
    }
    return samples
  }
}
