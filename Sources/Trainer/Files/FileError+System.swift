import Foundation
import Glibc

extension FileError {
  /// A system call failed: maps `errno` to a kind, a sentence and a remedy.
  ///
  /// - Parameters:
  ///   - call: the system call, as in its manual page.
  ///   - path: the file it was about.
  ///   - code: the value of `errno` right after the call.
  package static func system(_ call: String, _ path: String, code: Int32) -> FileError {
    let reason = "\(call) failed: \(String(cString: strerror(code))) (errno \(code))"
    switch code {
    case ENOENT, ENOTDIR:
      return FileError(.notFound, path: path, reason, remedy: "check the path")
    case EACCES, EPERM, EROFS:
      return FileError(.inputOutput, path: path, reason, remedy: "check the permissions of file and folder")
    case ENOSPC, EDQUOT:
      return FileError(.inputOutput, path: path, reason, remedy: "free some disk space, then run again")
    default:
      return FileError(.inputOutput, path: path, reason, remedy: "check the disk and the path, then run again")
    }
  }
}

extension FileManager {
  /// Makes a folder, with those above it, unless it is there.
  ///
  /// - Throws: a `FileError` about the folder.
  package func makeFolder(at url: URL) throws(FileError) {
    do {
      try createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw FileError(
        .inputOutput, path: url.path, "the folder cannot be made (\(error.systemReason))",
        remedy: "check the path and its permissions")
    }
  }
}
