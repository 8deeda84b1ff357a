import Foundation
import Kernels

/// round.json of a round's folder: the parent of the model, the rows that were read, the losses, time and memory.
///
/// M0 has one too, as round 0, with its losses.
package struct RoundFile: RecordFile {
  package static let fileName = "round.json"

  /// One dataset of the round's union.
  package struct Dataset: Encodable, Sendable, Equatable {
    package var name: String
    package var path: String?
    /// SHA-256 of the file of rows.
    package var sha256: String?
    /// Rows in the dataset.
    package var rows: Int?
    /// Tokens in the dataset.
    package var tokens: Int?
    /// Rows that were cut to the sequence length.
    package var cut: Int?
    /// Rows that are longer than a sequence and go on in the next sample.
    package var split: Int?
    /// Rows that were left out because they are longer than a sequence.
    package var tooLong: Int?
    /// Rows that were left out because they have no supervised token.
    package var dropped: Int?
    /// True where tokens, and rows cut, split and left out, are estimated from some of the rows; else nil.
    package var estimated: Bool?
    /// Rows that the round read.
    package var rowsSeen: Int
    /// Tokens that the round read, without padding.
    package var tokensSeen: Int
  }

  /// Bytes that crossed the bus for one purpose.
  package struct Transfer: Encodable, Sendable, Equatable {
    package var bytesToDevice: Int
    package var bytesFromDevice: Int
  }

  /// Number of the round, from 1; 0 for M0.
  package var round: Int
  package var name: String
  /// Folder's name, or path, of the model that the round started from; nil where weights are drawn from the seed.
  package var parent: String?
  /// SHA-256 of the parent's weights.
  package var parentSha256: String?
  /// SHA-256 of the model's weights.
  package var sha256: String?
  package var datasets: [Dataset]
  /// Held-out rows that stand in the union's training rows, which the recipe allowed.
  package var leaks: Int?
  /// The form in which each dataset's rows of prompt and completion were written, by its name; datasets without such
  /// rows are not in it. Nil: an older release, which knew the raw form alone.
  package var templates: [String: CompletionForm]?
  /// Resolved training keys, a mapping.
  package var settings: SettingValue?
  /// Optimiser steps taken.
  package var steps: Int
  /// Step whose model was kept, where the recipe asks for the best one.
  package var bestStep: Int?
  /// True where the round ended before its last step for want of a better held-out loss.
  package var stoppedEarly: Bool?
  /// Last finite mean token loss of training, in nats.
  package var finalLoss: Double?
  /// Seconds of training, evaluations within the round and saves, over all starts that had a part in the round.
  package var seconds: Double
  /// Time at which the round ended, as ISO 8601.
  package var finished: String?
  package var device: String
  /// Family of kernels that multiplied matrices; nil on the CPU fallback.
  package var family: String?
  /// Losses on each dataset's held-out rows after the round, in nats a token; nil where a dataset has none.
  package var loss: [Double?]
  /// Loss on the general text.
  package var general: Double?
  /// Bytes of device memory that the plan foresaw; 0 where the file does not say.
  package var plannedBytes: Int
  /// Bytes of device memory at the highest; 0 where the file does not say.
  package var peakBytes: Int
  /// Bytes that saving the model took.
  package var transferOfSave: Transfer?
  /// Bytes that the evaluation after the round took.
  package var transferOfEvaluation: Transfer?
}

extension RoundFile {
  /// Time at which the round ended; nil where the file does not say.
  package var endDate: Date? { finished.flatMap { try? Date($0, strategy: .iso8601) } }

  package init(_ object: RecordObject) throws(FileError) {
    round = try object.required("round")
    name = try object.required("name")
    parent = try object["parent"]
    parentSha256 = try object["parent_sha256"]
    sha256 = try object["sha256"]
    datasets = try object.objects("datasets")?.map { value throws(FileError) in try Dataset(value) } ?? []
    // A list of such rows is counted.
    leaks = object.present("leaks").flatMap { $0.array?.count ?? $0.integer }
    templates = try object.object("templates").map { forms throws(FileError) in
      var templates: [String: CompletionForm] = [:]
      for (name, _) in forms.members.members { templates[name] = try forms[name] }
      return templates
    }
    settings = try object.object("settings").map { SettingValue($0.members) }
    steps = try object["steps"] ?? 0
    bestStep = try object["best_step"]
    stoppedEarly = try object["stopped_early"]
    finalLoss = try object["final_loss"]
    seconds = try object["seconds"] ?? 0
    finished = try object["finished"]
    device = try object["device"] ?? ""
    family = try object["family"]
    loss = try object.numbers("loss") ?? []
    general = try object["general"]
    plannedBytes = try object["planned_bytes"] ?? 0
    peakBytes = try object["peak_bytes"] ?? 0
    transferOfSave = try object.object("transfer_of_save").map { value throws(FileError) in try Transfer(value) }
    transferOfEvaluation = try object.object("transfer_of_evaluation").map { value throws(FileError) in
      try Transfer(value)
    }
  }
}

extension RoundFile.Dataset {
  fileprivate init(_ object: RecordObject) throws(FileError) {
    name = try object.required("name")
    path = try object["path"]
    sha256 = try object["sha256"]
    rows = try object["rows"]
    tokens = try object["tokens"]
    cut = try object["cut"]
    dropped = try object["dropped"]
    rowsSeen = try object["rows_seen"] ?? 0
    tokensSeen = try object["tokens_seen"] ?? 0
  }
}

extension RoundFile.Transfer {
  init(_ ledger: TransferLedger) {
    self.init(bytesToDevice: ledger.bytesToDevice, bytesFromDevice: ledger.bytesFromDevice)
  }

  fileprivate init(_ object: RecordObject) throws(FileError) {
    bytesToDevice = try object["bytes_to_device"] ?? 0
    bytesFromDevice = try object["bytes_from_device"] ?? 0
  }
}
