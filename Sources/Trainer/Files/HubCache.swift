import Foundation

/// The Hugging Face cache on this machine, which other tools share.
///
/// A repository is `models--ORG--NAME/` (or `datasets--…`): `blobs/` holds each content once, by its hash,
/// `snapshots/COMMIT/` the files of a commit as links to them, `refs/BRANCH` the commit of a branch or a tag.
/// Source: huggingface_hub's guide "Understand caching".
package struct HubCache: Sendable {
  /// Folder of the repositories' folders.
  package let folder: URL

  package init(folder: URL) { self.folder = folder }

  /// The cache that huggingface_hub would use: `HF_HUB_CACHE`, or `hub` in `HF_HOME`, or below the user's caches.
  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    folder =
      Self.folder(environment["HF_HUB_CACHE"]) ?? Self.folder(environment["HUGGINGFACE_HUB_CACHE"])
      ?? Self.home(environment: environment).appending(path: "hub")
  }

  /// Folder of all that Hugging Face's tools keep: `HF_HOME`, or `huggingface` in the user's caches.
  package static func home(environment: [String: String] = ProcessInfo.processInfo.environment) -> URL {
    folder(environment["HF_HOME"])
      ?? (folder(environment["XDG_CACHE_HOME"])
      ?? (folder(environment["HOME"]) ?? FileManager.default.homeDirectoryForCurrentUser).appending(path: ".cache"))
      .appending(path: "huggingface")
  }

  /// The folder that a variable names, `~` being the home folder; nil where it names none.
  private static func folder(_ value: String?) -> URL? {
    guard let value, !value.isEmpty else { return nil }
    return URL(fileURLWithPath: (value as NSString).expandingTildeInPath).standardizedFileURL
  }

  /// Folder of a repository, be it there or not.
  package func folder(of repository: HubRepository) -> URL { folder.appending(path: repository.folderName) }

  /// Commit that a revision stands for; nil where the cache does not know.
  func commit(of repository: HubRepository, revision: String) throws(FileError) -> String? {
    let folder = folder(of: repository)
    let reference = folder.appending(path: "refs/" + revision)
    guard !reference.isFolder, let bytes = try InputFile.contentsIfPresent(reference.path, limit: 4096) else {
      return folder.appending(path: "snapshots/" + revision).isFolder ? revision : nil
    }
    let commit = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    guard !commit.contains("/"), HubName.isRelativePath(commit) else {
      throw .invalid(reference.path, "this is no commit", remedy: "remove the file, then run `accrete download` again")
    }
    return commit
  }

  /// Folder of the snapshot that a name means.
  ///
  /// - Parameter alternative: words for another meaning of what was written, and its remedy.
  /// - Throws: `.notFound` where the cache does not hold it, with the command that fetches it.
  package func snapshot(
    of name: HubName, else alternative: (problem: String, remedy: String) = ("", "")
  ) throws(FileError) -> URL {
    let revision = name.revision ?? "main"
    if let commit = try commit(of: name.repository, revision: revision) {
      let snapshot = folder(of: name.repository).appending(path: "snapshots/" + commit)
      if snapshot.isFolder { return snapshot }
    }
    throw FileError(
      .notFound, path: name.repository.name + (name.revision.map { "@" + $0 } ?? ""),
      "the Hugging Face cache \(folder.path) does not hold it" + alternative.problem,
      remedy: "run `\(name.command)`" + alternative.remedy)
  }

  /// Name of the model whose snapshot's path a recipe's text holds: `hf:ORG/NAME@COMMIT`; nil for other texts.
  package static func name(ofSnapshot text: String) -> String? {
    let parts = text.split(whereSeparator: { "/\"'".contains($0) })
    guard let place = parts.lastIndex(of: "snapshots"), place > 0, place + 1 < parts.count else { return nil }
    let folder = parts[place - 1].replacing("--", with: "/")
    guard folder.hasPrefix("models/"), let repository = HubRepository(.model, folder.dropFirst(7)) else { return nil }
    let rest = parts[(place + 2)...].map { "/" + $0 }.joined()
    return "\(HubName.prefix)\(repository.name)@\(parts[place + 1])\(rest)"
  }
}

// MARK: - Models

extension HubCache {
  /// Place of a model, an adapter or a tokenizer that a person names by its path, as `ORG/NAME`, or as `hf:ORG/NAME`.
  ///
  /// A path where something stands wins over `ORG/NAME`; text that begins with `.`, `/` or `~`, that has more than one
  /// `/`, or that ends as a model's file does, is always a path.
  /// - Parameter path: the place that the text means as a path.
  /// - Throws: `.notFound` where the name is the hub's and the cache does not hold it; `.invalid` for an odd `hf:`.
  package func model(_ text: String, path: URL) throws(FileError) -> URL {
    if text.hasPrefix(HubName.prefix) {
      guard let name = HubName(text, of: .model) else { throw Self.oddName(text) }
      return try place(of: name)
    }
    guard !FileManager.default.fileExists(atPath: path.path), !Self.isPath(text), let name = HubName(text, of: .model)
    else { return path }
    return try snapshot(of: name, else: (", and nothing stands at the path \(path.path)", ", or mend the path"))
  }

  /// The place of a command's argument; relative paths begin at the working folder.
  package func model(_ text: String) throws(FileError) -> URL { try model(text, path: URL(fileURLWithPath: text)) }

  /// The remedy where nothing stands at a model's path: where its folder is missing too, the path may be a name of the
  /// hub that the cache does not hold.
  package static func remedy(where url: URL) -> String {
    let name = url.pathComponents.suffix(2).joined(separator: "/")
    guard !url.deletingLastPathComponent().isFolder, !isPath(name), let name = HubName(name, of: .model) else {
      return "check the path"
    }
    return "check the path, or fetch the hub's model of that name: `\(name.command)`"
  }

  private static func isPath(_ text: String) -> Bool {
    text.split(separator: "/", omittingEmptySubsequences: false).count != 2 || text.hasPrefix(".")
      || text.hasPrefix("~")
      || [".gguf", ".bin", ".safetensors", ".json", ".model"].contains { text.hasSuffix($0) }
  }

  /// Place of a file, or of the whole snapshot.
  private func place(of name: HubName) throws(FileError) -> URL {
    let snapshot = try snapshot(of: name)
    guard let path = name.path else { return snapshot }
    let url = snapshot.appending(path: path)
    guard FileManager.default.fileExists(atPath: url.path) else { throw Self.missing(name, in: snapshot) }
    return url
  }

  static func oddName(_ text: String) -> FileError {
    .invalid(text, "this is no name of the hub", remedy: "write " + HubName.form)
  }

  /// An error about a path that a snapshot lacks.
  static func missing(_ name: HubName, in snapshot: URL) -> FileError {
    FileError(
      .notFound, path: snapshot.path, "the snapshot of \(name.repository.name) has no \(name.path ?? "file")",
      remedy: "run `\(name.command)`, or name a file that is there")
  }
}
