import Foundation
import Trainer

/// The download of a repository's revision into the cache: list, choose, fetch each content, link it, note the commit.
package struct HubDownload {
  /// Result of a download.
  package struct Outcome: Sendable {
    /// Folder of the files.
    package let snapshot: URL
    package let commit: String
    /// Files of the snapshot that were asked for, and their bytes.
    package let fileCount: Int
    package let byteCount: Int
    /// Bytes that were not here before.
    package let fetchedByteCount: Int
  }

  private let name: HubName
  private let selection: FileSelection
  private let cache: HubCache
  private let client: HubClient
  private let note: (String) -> Void
  private let progress: (_ file: String, _ done: Int, _ total: Int) -> Void

  /// - Parameters:
  ///   - note: takes remarks, a line each.
  ///   - progress: takes the file that is being fetched, and the bytes of all files that are here and that there are.
  package init(
    _ name: HubName, selection: FileSelection, cache: HubCache, client: HubClient, note: @escaping (String) -> Void,
    progress: @escaping (_ file: String, _ done: Int, _ total: Int) -> Void
  ) {
    self.name = name
    self.selection = selection
    self.cache = cache
    self.client = client
    self.note = note
    self.progress = progress
  }

  /// Fetches what is not here yet. After an error or a signal, what was fetched stays, and another call goes on from it.
  package func run() throws(HubError) -> Outcome {
    let listing = try list()
    let (files, remarks) = try selection.choose(from: listing.files, of: name)
    remarks.forEach(note)
    guard !files.isEmpty else {
      throw HubError(66, "\(name.repository.name) holds no file to fetch", "choose files with --include PATTERN")
    }
    let folder = HubFolder(name.repository, in: cache)
    let total = files.reduce(0) { $0 + $1.byteCount }
    // Files with the same content are fetched once.
    let contents = Dictionary(files.map { ($0.hash, $0) }) { first, _ in first }.values
    let missing = contents.reduce(0) { $0 + $1.byteCount - folder.byteCount(of: $1) }
    note(
      "\(name.repository.name) at \(listing.commit.prefix(12)): \(files.count) files, \(shownBytes(total)), "
        + (missing == 0 ? "all of it here" : "\(shownBytes(missing)) to fetch"))
    try folder.checkRoom(for: missing)
    var done = 0
    for file in files {
      if let signal = Interruption.signal { throw .stopped(signal) }
      try folder.locked(file) {
        note("\(file.path): another download writes it; waiting for its end")
      } _: { () throws(HubError) in
        if !folder.holds(file) {
          try fetch(file, at: listing.commit, to: folder.blob(file)) { progress(file.path, done + $0, total) }
        }
      }
      try folder.link(file, at: listing.commit)
      done += file.byteCount
      progress(file.path, done, total)
    }
    // The name leads to the commit once all of it is here: until then it leads to what it led to.
    try folder.setReference(name.revision ?? "main", to: listing.commit)
    return Outcome(
      snapshot: folder.snapshot(listing.commit), commit: listing.commit, fileCount: files.count, byteCount: total,
      fetchedByteCount: missing)
  }

  private func list() throws(HubError) -> HubListing {
    do throws(HubError) {
      return try client.listing(of: name)
    } catch {
      guard error.exitCode == 66, client.existsAsOtherKind(name) else { throw error }
      let (kind, remedy) =
        name.repository.kind == .model ? ("dataset", "add --dataset") : ("model", "leave --dataset out")
      throw HubError(66, "\(name.repository.name) is a \(kind) of the hub", remedy)
    }
  }

  private func fetch(
    _ file: HubFile, at commit: String, to place: URL, progress: @escaping (Int) -> Void
  ) throws(HubError) {
    let writer = try BlobWriter(file, at: place, progress: progress)
    let earlier = writer.byteCount
    try fetchRest(file, at: commit, into: writer)
    if !writer.isWhole, earlier > 0 {
      note("\(file.path): what an earlier download left is not a part of it; fetching it anew")
      try writer.restart()
      try fetchRest(file, at: commit, into: writer)
    }
    guard writer.isWhole else {
      let found = writer.found
      try writer.restart()
      throw HubError(
        65, "\(file.path): the content that came has the hash \(found), not \(file.hash)",
        "it is not kept; run the command again, or check HF_ENDPOINT")
    }
    try writer.commit()
  }

  private func fetchRest(_ file: HubFile, at commit: String, into writer: BlobWriter) throws(HubError) {
    guard writer.byteCount < file.byteCount else { return }
    try client.persist(progress: { writer.byteCount }) { () throws(RequestFault) in
      try client.fetch(file, at: commit, of: name, into: writer)
    }
  }
}
