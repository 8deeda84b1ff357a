import Foundation

extension RowFiles {
  /// SHA-256 of the files' content: of one file its own; of several that of a list as `sha256sum` prints it, a line
  /// `HASH  NAME` for each in order, the names relative to the folder that holds them all.
  package func sha256() throws(FileError) -> String {
    let urls: [URL]
    do throws(DatasetError) {
      urls = try resolved()
    } catch {
      throw FileError(.notFound, path: error.place, error.message, remedy: "check the recipe's names")
    }
    guard urls.count > 1 else { return try FileHash.keptSHA256(of: urls[0]) }
    let folder = Self.commonFolder(of: urls)
    var list = ""
    for url in urls {
      let name = url.standardizedFileURL.pathComponents.dropFirst(folder.count).joined(separator: "/")
      list += "\(try FileHash.keptSHA256(of: url))  \(name)\n"
    }
    return FileHash.sha256(of: Data(list.utf8))
  }

  /// Components of the deepest folder that holds all files.
  private static func commonFolder(of urls: [URL]) -> ArraySlice<String> {
    let paths = urls.map { $0.standardizedFileURL.pathComponents.dropLast() }
    return paths.dropFirst().reduce(paths[0]) { common, path in
      common.prefix(zip(common, path).prefix { $0 == $1 }.count)
    }
  }
}
