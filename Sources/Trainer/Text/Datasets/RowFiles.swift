import Foundation

/// Files of rows as a recipe or a command names them: a file, a folder, a pattern, or a list of these.
///
/// A folder stands for all files in it whose names say that they hold rows, sorted by name; a pattern (`data/*.jsonl`)
/// for all files that match it. Hidden files are passed over in both. A name that begins with `hf:` is a dataset of the
/// Hugging Face cache. A file that is found twice counts once.
package struct RowFiles: Sendable, Hashable {
  /// The names: absolute paths and patterns, and names that begin with `hf:`; at least one.
  package let names: [String]
  /// The split that is meant of a dataset of the cache whose files tell several apart.
  package let split: HubSplit

  package init(_ names: [String], split: HubSplit = .train) {
    precondition(!names.isEmpty, "files of rows have a name")
    self.names = names
    self.split = split
  }

  /// One file, or the files of one folder or pattern.
  package init(_ url: URL) { self.init([url.path]) }

  /// Names relative to the folder in which a command runs.
  package init(arguments: [String]) {
    self.init(arguments.map { $0.hasPrefix(HubName.prefix) ? $0 : URL(fileURLWithPath: $0).path })
  }

  /// The names in one text, for notes and errors.
  package var path: String { names.joined(separator: ", ") }

  /// The files, in the order in which they are read; at least one.
  ///
  /// A single path at which nothing stands is returned as it is: its reader says so.
  /// - Throws: `DatasetError` where a folder or a pattern holds no file of rows, and for a name that is not in the cache.
  package func resolved() throws(DatasetError) -> [URL] {
    var urls: [URL] = []
    var seen: Set<String> = []
    for name in names {
      for url in try files(of: name) where seen.insert(url.standardizedFileURL.path).inserted { urls.append(url) }
    }
    return urls
  }

  private func files(of name: String) throws(DatasetError) -> [URL] {
    if name.hasPrefix(HubName.prefix) { return try Self.hubFiles(name, split: split) }
    var isFolder = ObjCBool(false)
    // A file may have a name that looks like a pattern.
    if FileManager.default.fileExists(atPath: name, isDirectory: &isFolder) {
      let url = URL(fileURLWithPath: name)
      return isFolder.boolValue ? try RowFolder(url).files() : [url]
    }
    guard FilePattern.isPattern(name) else { return [URL(fileURLWithPath: name)] }
    let found = FilePattern(name).files()
    guard !found.isEmpty else {
      throw DatasetError(
        place: name, message: "no file matches the pattern: check it; it is relative to the recipe", exitCode: 66)
    }
    return found
  }
}
