import Foundation
import Glibc

/// The file that stands under a name itself: a link is a link, wherever it leads.
struct FileStatus {
  /// Kind of what stands at a path.
  enum Kind {
    case file, folder, link, other
  }

  /// Kind of what stands at the path.
  let kind: Kind
  /// Seconds and nanoseconds since 1970.
  let modified: (seconds: Int, nanoseconds: Int)

  /// Asks the system.
  ///
  /// - Returns: nil where nothing stands under the name.
  /// - Throws: `.inputOutput` where that cannot be told.
  init?(_ url: URL) throws(FileError) {
    var status = stat()
    guard lstat(url.path, &status) == 0 else {
      let error = FileError.system("lstat", url.path, code: errno)
      if error.kind == .notFound { return nil }
      throw error
    }
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .link
      default: .other
      }
    modified = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
  }
}

extension FileManager {
  /// The names in a folder, in order; none where nothing stands at `url`.
  ///
  /// - Throws: `FileError` where something stands there that cannot be listed.
  func names(in url: URL) throws(FileError) -> [String] {
    guard try FileStatus(url) != nil else { return [] }
    do {
      return try contentsOfDirectory(atPath: url.path).sorted()
    } catch {
      throw FileError(
        .inputOutput, path: url.path, "the folder cannot be listed (\(error.systemReason))",
        remedy: "check what stands there, and its permissions")
    }
  }
}

extension URL {
  /// True where a folder stands, or a link that leads to one.
  var isFolder: Bool {
    var isFolder = ObjCBool(false)
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
