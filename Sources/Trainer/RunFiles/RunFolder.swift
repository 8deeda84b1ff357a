import Foundation

/// Folder of a run: the paths in it, and the checks before a run starts or goes on there.
package struct RunFolder: Sendable {
  package let url: URL

  package init(_ url: URL) {
    self.url = url
  }

  package var recipe: URL { url.appending(path: Recipe.resolvedName) }
  package var checkpoint: URL { url.appending(path: "checkpoint") }
  package var rounds: URL { url.appending(path: "rounds") }
  package var branches: URL { url.appending(path: "branches") }

  /// Folder of round `index`, from 1; 0 is M0.
  package func round(_ index: Int, _ name: String) -> URL {
    rounds.appending(path: (index < 10 ? "0" : "") + "\(index)-\(name)")
  }

  /// True where a run has begun here.
  package var holdsRun: Bool {
    // A recipe whose status cannot be read is an error of whoever reads the recipe.
    ((try? FileStatus(recipe)) ?? nil) != nil
  }

  /// Names of the folders of rounds that have ended, refused ones included, without M0's.
  private var endedRounds: [String] {
    get throws(FileError) {
      try FileManager.default.names(in: rounds).filter { name in
        name.prefix { $0.isNumber }.contains { $0 != "0" }
      }
    }
  }

  /// Takes the folder of a run for this process, before anything else of the run is read.
  ///
  /// - Parameter note: called with a sentence where the file system has no locks.
  /// - Returns: the lock of the folder; nil where no run has begun yet: `create` takes the folder then.
  /// - Throws: `RoundError` where another process holds the folder, where other files are in it, or a run that is not
  ///   resumed.
  package func claim(resuming: Bool, note: (String) -> Void) throws -> RunLock? {
    if holdsRun && !resuming { throw RoundError.outputTaken(folder: url.path, found: "a run") }
    if !holdsRun, let stranger = try strangers.first {
      throw RoundError.outputTaken(folder: url.path, found: "files that are no run (\(stranger))")
    }
    return holdsRun ? try RunLock(url, note: note) : nil
  }

  /// Makes the folder, and takes it for this process; throws as `claim` does.
  func create(resuming: Bool, note: (String) -> Void) throws -> RunLock {
    if let lock = try claim(resuming: resuming, note: note) { return lock }
    do {
      try FileManager.default.createDirectory(at: rounds, withIntermediateDirectories: true)
    } catch {
      throw FileError(
        .inputOutput, path: url.path, "the folder cannot be made (\(error.systemReason))",
        remedy: "check output_dir and its permissions")
    }
    let lock = try RunLock(url, note: note)
    // Another process may have begun a run in between, and ended it.
    if holdsRun && !resuming { throw RoundError.outputTaken(folder: url.path, found: "a run") }
    return lock
  }

  /// Throws `RoundError.checkpointMissing` where rounds have ended: no run starts over them.
  func checkStart() throws {
    let ended = try endedRounds
    guard ended.isEmpty else { throw RoundError.checkpointMissing(folder: url.path, rounds: ended) }
  }

  /// Opens every file that a resumed run reads sooner or later, for itself or its report: a file that cannot be read
  /// ends the run before it has trained or written anything.
  func checkReadable() throws(FileError) {
    let names = [MetricsFile.fileName, EvaluationsFile.fileName, TransferFile.fileName, BranchFile.fileName]
    var files = [recipe] + names.map { url.appending(path: $0) }
    for name in try FileManager.default.names(in: rounds) where name.first?.isNumber == true {
      let round = rounds.appending(path: name)
      // A branch has links to rounds of the run that it left, which may have been moved.
      var status = stat()
      guard stat(round.path, &status) == 0 else { throw .system("stat", round.path, code: errno) }
      files += [RoundFile.fileName, SamplesFile.fileName].map { round.appending(path: $0) }
    }
    for file in files where try FileStatus(file) != nil { close(try InputFile.open(file.path).descriptor) }
  }

  /// Returns true where the run has a saved state, and no report that was drawn after it.
  func lacksReport() throws(FileError) -> Bool {
    guard let state = try FileStatus(checkpoint.appending(path: "state.json")) else { return false }
    guard let report = try FileStatus(url.appending(path: "report.html")) else { return true }
    return report.modified < state.modified
  }

  /// Names of the files that were not left by a run that was killed before it had written its recipe.
  private var strangers: [String] {
    get throws(FileError) {
      let isNew = try FileManager.default.names(in: rounds).isEmpty
      return try FileManager.default.names(in: url).filter {
        !($0 == rounds.lastPathComponent && isNew) && $0 != RunLock.name && !AtomicFile.isTemporary($0)
      }
    }
  }

  /// Sets the link `rounds/final` to a round's folder, in one step.
  package func linkFinal(to round: URL) throws {
    let link = rounds.appending(path: "final")
    let temporary = rounds.appending(path: "final.new")
    try? FileManager.default.removeItem(at: temporary)
    try FileManager.default.createSymbolicLink(
      atPath: temporary.path, withDestinationPath: round.lastPathComponent)
    // A rename replaces the old link in one step; Foundation's own move refuses to.
    guard rename(temporary.path, link.path) == 0 else {
      throw FileError(
        .inputOutput, path: link.path, "the link cannot be made", remedy: "check the folder's permissions")
    }
  }
}
