import Foundation
import Glibc

extension FileHash {
  /// Least bytes of a file whose hash is kept: smaller ones are hashed in less than a tenth of a second.
  private static let keptByteCount = 64 << 20

  /// The hash of the file at `url`; that of a large file is kept in the user's cache, and read from there for as long as
  /// size, times and place of the file are the same.
  package static func keptSHA256(of url: URL) throws(FileError) -> String {
    guard let identity = Identity(url), identity.byteCount >= keptByteCount, let folder = UserCache.folder("hashes")
    else {
      return try sha256(of: url)
    }
    let kept = folder.appending(path: sha256(of: Data(url.standardizedFileURL.path.utf8)))
    if let data = try? InputFile.contents(kept.path, limit: 1024) {
      let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
      if lines.count == 2, lines[0] == identity.line, lines[1].utf8.count == 64 { return String(lines[1]) }
    }
    let hash = try sha256(of: url)
    // A file that was written meanwhile has the hash of neither content.
    if Identity(url)?.line == identity.line {
      try? AtomicFile.write(Data("\(identity.line)\n\(hash)\n".utf8), to: kept)
    }
    return hash
  }

  /// Size, times and place of a file on its disk: they change where its content does.
  private struct Identity {
    let byteCount: Int
    let line: String

    init?(_ url: URL) {
      var status = stat()
      guard stat(url.path, &status) == 0 else { return nil }
      byteCount = Int(status.st_size)
      let times = [status.st_mtim, status.st_ctim].map { "\($0.tv_sec).\($0.tv_nsec)" }
      line = "\(byteCount) \(times.joined(separator: " ")) \(status.st_ino) \(status.st_dev)"
    }
  }
}
