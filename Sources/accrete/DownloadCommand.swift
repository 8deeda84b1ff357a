import ArgumentParser
import Foundation
import Hub
import Trainer

/// Fetches a model or a dataset of the Hugging Face hub into the cache that other tools share.
struct DownloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "download", abstract: "Fetch a model or a dataset of the Hugging Face hub.",
    discussion:
      "The files lie in the cache of huggingface_hub (HF_HOME), where its tools find them too and leave theirs. "
      + "ORG/NAME is then a model for every command, and hf:ORG/NAME a dataset for a round. A stopped download is gone on "
      + "with by the same command. HF_TOKEN opens what is gated or private; HF_ENDPOINT names another hub.")

  @Argument(help: "ORG/NAME, or hf:ORG/NAME, with @REVISION or /FILE where wanted.")
  var name: String

  @Option(help: "A branch, a tag or a commit; main where not given.")
  var revision: String?

  @Option(help: "Fetch the files that match this pattern, such as '*.gguf'; repeatable.")
  var include: [String] = []

  @Option(help: "Leave out the files that match this pattern; repeatable.")
  var exclude: [String] = []

  @Flag(help: "The name is a dataset's.")
  var dataset = false

  @Flag(help: "Print one JSON object.")
  var json = false

  private struct Result: Encodable {
    let snapshot: String
    let commit: String
    let files: Int
    let bytes: Int
    let fetchedBytes: Int
  }

  func run() throws {
    Interruption.listen()
    let (name, path) = try repository()
    let settings = try HubSettings()
    let cache = HubCache()
    if settings.isOffline {
      let snapshot = try cache.snapshot(of: name, else: ("", "; HF_HUB_OFFLINE forbids it now"))
      return try Console.result(snapshot.path)
    }
    let bar = DownloadBar()
    defer { bar.end() }
    let note = { (line: String) in
      bar.end()
      Console.note(line)
    }
    let download = HubDownload(
      name, selection: FileSelection(include: include + (path.map { [$0] } ?? []), exclude: exclude), cache: cache,
      client: try HubClient(settings, note: note), note: note, progress: bar.draw)
    let outcome = try download.run()
    bar.end()
    if json {
      return try Console.result(
        json: Result(
          snapshot: outcome.snapshot.path, commit: outcome.commit, files: outcome.fileCount, bytes: outcome.byteCount,
          fetchedBytes: outcome.fetchedByteCount))
    }
    try Console.result(outcome.snapshot.path)
  }

  /// The repository and its revision, and the path that was named in it.
  private func repository() throws -> (HubName, path: String?) {
    guard
      let given = HubName(
        name.hasPrefix(HubName.prefix) ? name : HubName.prefix + name, of: dataset ? .dataset : .model)
    else {
      throw ValidationError(
        "'\(name)' is no name of the hub: write ORG/NAME, as in HuggingFaceTB/SmolLM2-135M-Instruct")
    }
    if let revision, given.revision != nil || !HubName.isRelativePath(revision) {
      throw ValidationError("--revision '\(revision)' must be a branch, a tag or a commit, named once")
    }
    return (HubName(given.repository, revision: revision ?? given.revision), given.path)
  }
}

/// The progress bar of a download, drawn at most ten times a second.
private final class DownloadBar {
  private let bar = ProgressBar()
  private let start = ProcessInfo.processInfo.systemUptime
  private var drawn = 0.0
  /// Bytes that were here when the first were counted.
  private var before: Int?

  func draw(_ file: String, _ done: Int, of total: Int) {
    let now = ProcessInfo.processInfo.systemUptime
    let earlier = before ?? done
    before = earlier
    guard now - drawn >= 0.1 || done >= total else { return }
    drawn = now
    let rate = Int(Double(max(done - earlier, 0)) / max(now - start, 0.001))
    bar.draw(
      file, done, of: total, "\(shownBytes(done)) of \(shownBytes(total))  \(shownBytes(rate))/s")
  }

  func end() { bar.end() }
}
