import Foundation
import Glibc

/// A pattern of file names: `*`, `?` and `[…]` within a name as in glob(7), and `**` for any folders, none among them.
///
/// A wildcard does not match a leading dot, and `**` does not follow links.
struct FilePattern {
  /// Most folders that are searched: a pattern such as `/**/x` would walk the whole disk.
  private static let folderLimit = 100_000

  private let components: [String]

  /// - Parameter path: absolute.
  init(_ path: String) { components = path.split(separator: "/").map(String.init) }

  /// True where a path holds a wildcard.
  static func isPattern(_ path: String) -> Bool { path.contains { "*?[".contains($0) } }

  /// The files that match, sorted by path; folders are passed over.
  func files() -> [URL] {
    var found: Set<String> = []
    var left = Self.folderLimit
    search(components[...], in: "", &found, &left)
    return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { URL(fileURLWithPath: $0) }
  }

  /// - Parameter folder: the path so far, without a slash at its end.
  private func search(_ rest: ArraySlice<String>, in folder: String, _ found: inout Set<String>, _ left: inout Int) {
    guard let component = rest.first else {
      if Self.kind(folder, followsLinks: true) == S_IFREG { found.insert(folder) }
      return
    }
    guard Self.isPattern(component) else {
      return search(rest.dropFirst(), in: folder + "/" + component, &found, &left)
    }
    let names = names(in: folder, &left)
    if component == "**" {
      search(rest.dropFirst(), in: folder, &found, &left)
      for name in names where !name.hasPrefix(".") && Self.kind(folder + "/" + name, followsLinks: false) == S_IFDIR {
        search(rest, in: folder + "/" + name, &found, &left)
      }
      // `data/**` means every file below data.
      guard rest.count == 1 else { return }
    }
    for name in names where fnmatch(component, name, FNM_PERIOD) == 0 {
      search(rest.dropFirst(), in: folder + "/" + name, &found, &left)
    }
  }

  private func names(in folder: String, _ left: inout Int) -> [String] {
    guard left > 0 else { return [] }
    left -= 1
    return (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "/" : folder)) ?? []
  }

  /// The kind of what stands at a path; nil where nothing does.
  private static func kind(_ path: String, followsLinks: Bool) -> mode_t? {
    var status = stat()
    guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
    return status.st_mode & S_IFMT
  }
}
