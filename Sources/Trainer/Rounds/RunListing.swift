import Foundation

/// What a run's folder records of its rounds, whichever release wrote it: keys that are not there are nil or empty.
package struct RunListing: Sendable {
  /// A round, or M0, as its folder's round.json and transfer.json have it.
  package struct Round: Sendable {
    /// From 1; 0 is M0.
    package let round: Int
    package let name: String
    /// Its folder below `rounds`.
    package let folder: String
    package let parent: String?
    package let steps: Int
    package let finalLoss: Double?
    /// Losses on the held-out rows of each of the run's datasets; null where one has none.
    package let loss: [Double?]
    /// Scores of each metric, on each of the run's datasets.
    package let metrics: [String: [Double?]]
    /// Tokens that the round read.
    package let tokens: Int
    package let seconds: Double?
    package let device: String?
    /// Whether the gate refused it.
    package let isRefused: Bool

    /// The mean of the losses that are there.
    package var meanLoss: Double? {
      let known = loss.compactMap { $0 }
      return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
  }

  /// A run that went on from a round of this one with other settings, below `branches`.
  package struct Branch: Encodable, Sendable, Equatable {
    package let name: String
    package let fromRound: Int?

    package init(name: String, fromRound: Int?) {
      self.name = name
      self.fromRound = fromRound
    }
  }

  /// Where the run began, if it is a branch itself.
  package struct Origin: Codable, Sendable, Equatable {
    package let parentRun: String?
    package let fromRound: Int?

    package init(parentRun: String?, fromRound: Int?) {
      self.parentRun = parentRun
      self.fromRound = fromRound
    }
  }

  package let folder: URL
  package let datasets: [String]
  /// By number; a round that was refused stands before the one that took its place.
  package let rounds: [Round]
  /// Losses of M0 and of the rounds that were kept.
  package let matrix: TransferMatrix
  /// The same of each metric.
  package let metrics: [String: [[Double?]]]
  /// Figures drawn from each metric's matrix: `backward_transfer` and the like.
  package let metricFigures: [String: [String: Double?]]
  package let origin: Origin?
  package let branches: [Branch]

  /// Reads a run.
  /// - Throws: `CheckpointError`: `.notFound` where the folder holds no run, `.invalid` where a file of it is damaged.
  package init(_ url: URL) throws(CheckpointError) {
    let run = RunFolder(url.standardizedFileURL)
    guard run.holdsRun else {
      throw CheckpointError(
        .notFound, path: run.url.path, "no run is here: there is no recipe.yaml in it",
        remedy: "give the output_dir of `accrete train`")
    }
    let transfer = try Self.decode(TransferFile.self, run.transfer)
    datasets = transfer?.datasets ?? []
    matrix = TransferMatrix(datasets: datasets, loss: transfer?.loss ?? [])
    metrics = transfer?.metrics ?? [:]
    metricFigures = transfer?.figures ?? [:]
    var rounds: [Round] = []
    for name in Self.entries(of: run.rounds) where name.first?.isNumber == true {
      let file = run.rounds.appending(path: name + "/round.json")
      guard let record = try Self.decode(RoundFile.self, file) else { continue }
      rounds.append(Round(record, folder: name, transfer: transfer))
    }
    self.rounds = rounds.sorted { ($0.round, $0.isRefused ? 0 : 1) < ($1.round, $1.isRefused ? 0 : 1) }
    origin = try Self.decode(Origin.self, run.url.appending(path: "branch.json"))
    var branches: [Branch] = []
    let folder = run.url.appending(path: "branches")
    for name in Self.entries(of: folder) where RunFolder(folder.appending(path: name)).holdsRun {
      let origin = try Self.decode(Origin.self, folder.appending(path: name + "/branch.json"))
      branches.append(Branch(name: name, fromRound: origin?.fromRound))
    }
    self.branches = branches
    self.folder = run.url
  }

  /// The resolved recipe's text.
  package func recipe() throws(CheckpointError) -> String {
    let file = RunFolder(folder).recipe
    guard let text = try? String(contentsOf: file, encoding: .utf8) else {
      throw CheckpointError(
        .invalid, path: file.path, "the recipe is not UTF-8 text that can be read",
        remedy: "check the file and its permissions")
    }
    return text
  }

  /// Names in a folder, sorted; none where it is not there.
  private static func entries(of folder: URL) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
  }

  /// A file of JSON with keys in snake case; nil where it is not there.
  private static func decode<Value: Decodable>(_ type: Value.Type, _ file: URL) throws(CheckpointError) -> Value? {
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let remedy = "restore the file, or give another run"
    let data: Data
    do {
      data = try Data(contentsOf: file)
    } catch {
      throw CheckpointError(
        .inputOutput, path: file.path, "the file cannot be read (\(error.systemReason))", remedy: remedy)
    }
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(type, from: data)
    } catch {
      let path = (error as? DecodingError)?.keys.joined(separator: ".") ?? ""
      throw .invalid(
        file.path, path.isEmpty ? "this is not the JSON that a run writes" : "\(path) is not what a run writes",
        remedy: remedy)
    }
  }
}

extension RunListing.Round {
  fileprivate init(_ record: RoundFile, folder: String, transfer: TransferFile?) {
    round = record.round
    name = record.name
    self.folder = folder
    parent = record.parent
    steps = record.steps ?? 0
    finalLoss = record.finalLoss
    let isRefused = folder.hasSuffix(".refused")
    self.isRefused = isRefused
    // The matrix has no row for a round that was refused: that of the same number is another round's.
    func row(_ rows: [[Double?]]?) -> [Double?] {
      guard let rows, !isRefused, rows.indices.contains(record.round) else { return [] }
      return rows[record.round]
    }
    loss = record.loss ?? row(transfer?.loss)
    metrics = (transfer?.metrics ?? [:]).mapValues { row($0) }.filter { !$0.value.isEmpty }
    tokens = (record.datasets ?? []).reduce(0) { $0 + ($1.tokensSeen ?? 0) }
    seconds = record.seconds
    device = record.device
  }
}

/// Keys of round.json, most of which an older release may lack.
private struct RoundFile: Decodable {
  struct Dataset: Decodable {
    let tokensSeen: Int?
  }

  let round: Int
  let name: String
  let parent: String?
  let steps: Int?
  let finalLoss: Double?
  let loss: [Double?]?
  let datasets: [Dataset]?
  let seconds: Double?
  let device: String?
}

/// Keys of transfer.json.
private struct TransferFile: Decodable {
  let datasets: [String]
  let loss: [[Double?]]
  let metrics: [String: [[Double?]]]?
  let figures: [String: [String: Double?]]?
}

extension DecodingError {
  /// The keys that lead to what could not be decoded.
  fileprivate var keys: [String] {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.codingPath.map(\.stringValue)
    case .keyNotFound(let key, let context): context.codingPath.map(\.stringValue) + [key.stringValue]
    @unknown default: []
    }
  }
}
