import Foundation

/// A split of a dataset, told by words in the names of files and folders, as `datasets` does.
package enum HubSplit: Sendable {
  case train
  /// Held-out rows: validation, or test where there is none.
  case validation

  /// Words of the split, then of the split that stands in for it.
  fileprivate var words: [Set<String>] {
    switch self {
    case .train: [["train", "training"]]
    case .validation: [["validation", "valid", "dev", "val"], Self.testWords]
    }
  }

  private static let testWords: Set<String> = ["test", "testing", "eval", "evaluation"]
  fileprivate static let allWords = (HubSplit.train.words + HubSplit.validation.words).reduce(into: Set()) {
    $0.formUnion($1)
  }
}

extension HubCache {
  /// Formats of rows, by the ending; of a repository that holds several, the first here is read.
  private static let formats = ["parquet", "arrow", "jsonl", "json", "csv", "tsv", "txt"]
  /// Files of these endings that describe a dataset and hold no rows.
  private static let descriptions: Set<String> = [
    "dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json", "requirements.txt", "license.txt",
  ]

  /// Files of rows that `hf:ORG/NAME[@REVISION][/PATH]` means, in the order of their names.
  ///
  /// PATH is a file, a folder or a pattern (`data/train-*.parquet`). Without one, or of a folder, the files of one format
  /// are taken whose names, or whose folders' names, say the split; all of them where no name says any split.
  ///
  /// - Throws: `.notFound` where the cache does not hold the dataset, or holds no such file; `.invalid` where names do not
  ///   tell which rows are meant.
  package func files(of text: String, split: HubSplit = .train) throws(FileError) -> [URL] {
    guard let name = HubName(text, of: .dataset), text.hasPrefix(HubName.prefix) else { throw Self.oddName(text) }
    let snapshot = try snapshot(of: name)
    let all = Self.files(below: snapshot)
    var found = all.filter { Self.format(of: $0) != nil }
    if let path = name.path {
      // What is named in full is taken whatever its format is: its reader refuses it with better words.
      if all.contains(path) { return [snapshot.appending(path: path)] }
      let isFolder = snapshot.appending(path: path).isFolder
      found = found.filter { isFolder ? $0.hasPrefix(path + "/") : HubName.matches($0, pattern: path) }
      guard !found.isEmpty else { throw Self.missing(name, in: snapshot) }
      if !isFolder { return found.map { snapshot.appending(path: $0) } }
    }
    guard let format = Self.formats.first(where: { format in found.contains { Self.format(of: $0) == format } }) else {
      throw FileError(
        .notFound, path: snapshot.path, "the dataset holds no file of rows (\(Self.formats.joined(separator: ", ")))",
        remedy: "run `\(name.command)`, or name another dataset")
    }
    found = found.filter { Self.format(of: $0) == format }
    let chosen = try Self.choose(split, of: found, in: snapshot, name: name)
    return chosen.map { snapshot.appending(path: $0) }
  }

  /// The same name with the commit that its revision stands for now: a run's recipe keeps it, so that the run reads these
  /// rows whatever the hub's branch becomes.
  package func pinned(_ text: String) throws(FileError) -> String {
    guard let name = HubName(text, of: .dataset), text.hasPrefix(HubName.prefix) else { throw Self.oddName(text) }
    let commit = try snapshot(of: name).lastPathComponent
    return "\(HubName.prefix)\(name.repository.name)@\(commit)" + (name.path.map { "/" + $0 } ?? "")
  }

  /// The files of a split, all of one set.
  private static func choose(
    _ split: HubSplit, of files: [String], in snapshot: URL, name: HubName
  ) throws(FileError) -> [String] {
    var chosen = files
    if files.contains(where: { !HubSplit.allWords.isDisjoint(with: words(in: $0)) }) || split == .validation {
      let groups = split.words.map { words in files.filter { !words.isDisjoint(with: Self.words(in: $0)) } }
      guard let group = groups.first(where: { !$0.isEmpty }) else {
        throw .invalid(
          snapshot.path, "no file's name says the split \(split) (\(listed(files)))",
          remedy: "name files, as in hf:\(name.repository.name)/\(files.first ?? "FILE")")
      }
      chosen = group
    }
    // Rows of different sets (languages, tasks) lie in folders; folders that are named by splits are none.
    let sets = Set(
      chosen.map { file in
        file.split(separator: "/").dropLast().filter { HubSplit.allWords.isDisjoint(with: words(in: $0)) }
          .joined(separator: "/")
      })
    guard sets.count < 2 else {
      let names = sets.map { $0.isEmpty ? "." : $0 }
      throw .invalid(
        snapshot.path, "the dataset holds several sets of rows (\(listed(names)))",
        remedy: "name one, as in hf:\(name.repository.name)/\(sets.sorted().last ?? "FOLDER")")
    }
    return chosen
  }

  /// Words of a path, in lower case, parted by everything that is no letter.
  private static func words(in path: some StringProtocol) -> Set<String> {
    Set(path.lowercased().split { !$0.isLetter }.map(String.init))
  }

  /// Format of a file of rows, `.gz` and `.zst` passed over; nil for other files.
  private static func format(of path: String) -> String? {
    let name = (path.split(separator: "/").last ?? "").lowercased()
    guard !descriptions.contains(name), !path.split(separator: "/").contains(where: { $0.hasPrefix(".") }) else {
      return nil
    }
    var endings = name.split(separator: ".").dropFirst().map(String.init)
    if let last = endings.last, ["gz", "zst"].contains(last) { endings.removeLast() }
    return endings.last.flatMap { formats.contains($0) ? $0 : nil }
  }

  /// Paths of the files below a folder, in order; links are followed.
  private static func files(below folder: URL) -> [String] {
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
    return paths.filter { !folder.appending(path: $0).isFolder }.sorted()
  }
}
