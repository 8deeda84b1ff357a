import Foundation

/// The folder of a run (design.md §7): where each file stands, and how it is written.
package struct RunFolder: Sendable {
  package let url: URL

  package init(_ url: URL) {
    self.url = url
  }

  package var recipe: URL { url.appending(path: "recipe.yaml") }
  package var metrics: URL { url.appending(path: "metrics.jsonl") }
  package var evaluations: URL { url.appending(path: "evaluations.jsonl") }
  package var transfer: URL { url.appending(path: "transfer.json") }
  package var checkpoint: URL { url.appending(path: "checkpoint") }
  package var rounds: URL { url.appending(path: "rounds") }
  package var branches: URL { url.appending(path: "branches") }

  /// The folder of round `index`, from 1; 0 is the base.
  package func round(_ index: Int, _ name: String) -> URL {
    rounds.appending(path: (index < 10 ? "0" : "") + "\(index)-\(name)")
  }

  /// Whether a run has begun here.
  package var holdsRun: Bool { exists(recipe) }

  /// Makes the folder, and refuses one that holds something else.
  package func create(resuming: Bool) throws {
    if holdsRun && !resuming { throw RoundError.outputTaken(folder: url.path, found: "a run") }
    if !holdsRun, let stranger = strangers.first {
      throw RoundError.outputTaken(folder: url.path, found: "files that are no run (\(stranger))")
    }
    do {
      try FileManager.default.createDirectory(at: rounds, withIntermediateDirectories: true)
    } catch {
      throw CheckpointError(
        .inputOutput, path: url.path, "the folder cannot be made (\(error.systemReason))",
        remedy: "check output_dir and its permissions")
    }
  }

  /// What stands in the folder and was not left by a run that was killed before it had written its recipe.
  private var strangers: [String] {
    let files = FileManager.default
    let found = ((try? files.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
    let isNew = (try? files.contentsOfDirectory(atPath: rounds.path))?.isEmpty ?? false
    return found.filter { !($0 == rounds.lastPathComponent && isNew) && !$0.hasSuffix(".partial") }
  }

  /// Writes a value as JSON, whole or not at all.
  package func write(_ value: some Encodable, to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try AtomicFile.write(try encoder.encode(value) + Data("\n".utf8), to: file)
  }

  /// Lets `rounds/final` lead to a round's folder.
  package func linkFinal(to round: URL) throws {
    let link = rounds.appending(path: "final")
    let temporary = rounds.appending(path: "final.new")
    try? FileManager.default.removeItem(at: temporary)
    try FileManager.default.createSymbolicLink(
      atPath: temporary.path, withDestinationPath: round.lastPathComponent)
    // A rename replaces the old link in one step; Foundation's own move refuses to.
    guard rename(temporary.path, link.path) == 0 else {
      throw CheckpointError(
        .inputOutput, path: link.path, "the link cannot be made", remedy: "check the folder's permissions")
    }
  }

  private func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }
}
