import Foundation
import Glibc

extension CheckpointError {
  /// A system call failed: maps `errno` to a kind, a sentence and a remedy.
  ///
  /// - Parameters:
  ///   - call: the system call, as in its manual page.
  ///   - path: the file it was about.
  ///   - code: the value of `errno` right after the call.
  package static func system(_ call: String, _ path: String, code: Int32) -> CheckpointError {
    let reason = "\(call) failed: \(String(cString: strerror(code))) (errno \(code))"
    switch code {
    case ENOENT, ENOTDIR:
      return CheckpointError(.notFound, path: path, reason, remedy: "check the path")
    case EACCES, EPERM, EROFS:
      return CheckpointError(.inputOutput, path: path, reason, remedy: "check the permissions of file and folder")
    case ENOSPC, EDQUOT:
      return CheckpointError(.inputOutput, path: path, reason, remedy: "free some disk space, then run again")
    default:
      return CheckpointError(.inputOutput, path: path, reason, remedy: "check the disk and the path, then run again")
    }
  }
}

extension FileManager {
  /// Makes a folder, with those above it, unless it is there.
  ///
  /// - Throws: a `CheckpointError` about the folder.
  func makeFolder(at url: URL) throws(CheckpointError) {
    do {
      try createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw CheckpointError(
        .inputOutput, path: url.path, "the folder cannot be made (\(error.systemReason))",
        remedy: "check the path and its permissions")
    }
  }
}
