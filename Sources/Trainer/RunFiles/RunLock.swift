import Foundation
import Glibc

/// Lock of a run's folder, held by this process alone until it ends: two processes that train in one folder would write
/// over each other's steps and checkpoints.
///
/// It is a lock by `flock` on run.lock, so that the system gives it back however the process ends. The file names the
/// process, and is removed when the run ends by itself.
package final class RunLock {
  /// Name of the file in the run's folder.
  package static let name = "run.lock"

  private var path: String
  private let descriptor: Int32

  /// Takes the folder at `url`, which must be there.
  ///
  /// - Parameter note: called with a sentence where the file system has no locks: the folder is not held then.
  /// - Throws: `RoundError.inUse` where another process holds the folder; `FileError` where the file cannot be opened.
  init(_ url: URL, note: (String) -> Void) throws {
    path = url.appending(path: Self.name).path
    while true {
      let opened = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o644)
      guard opened >= 0 else { throw FileError.system("open", path, code: errno) }
      let code = flock(opened, LOCK_EX | LOCK_NB) == 0 ? 0 : errno
      if code == EWOULDBLOCK {
        defer { close(opened) }
        throw RoundError.inUse(folder: url.path, holder: Self.holder(opened))
      }
      // The holder may have removed the file between the two calls: then another process may hold a new one.
      if code == 0, !Self.stands(opened, path) {
        close(opened)
        continue
      }
      descriptor = opened
      if code != 0 {
        note("\(path): the file system gives no lock (\(String(cString: strerror(code)))); start no second run here")
      }
      break
    }
    let text = "\(getpid()) \(Self.hostName)\n"
    ftruncate(descriptor, 0)
    _ = text.withCString { write(descriptor, $0, strlen($0)) }
  }

  deinit {
    // A file of another process stays.
    if Self.stands(descriptor, path) { unlink(path) }
    close(descriptor)
  }

  /// Takes the new place of a folder that was moved.
  func folderMoved(to url: URL) { path = url.appending(path: Self.name).path }

  /// Returns true where the opened file is the one at `path`.
  private static func stands(_ descriptor: Int32, _ path: String) -> Bool {
    var (opened, named) = (stat(), stat())
    return fstat(descriptor, &opened) == 0 && lstat(path, &named) == 0 && opened.st_ino == named.st_ino
      && opened.st_dev == named.st_dev
  }

  /// Process that holds the lock, as the file says.
  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 300)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let words = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 2, let process = Int32(words[0]), words[1].allSatisfy({ $0.isASCII && !$0.isNewline }) else {
      return "another process"
    }
    return "process \(process) on \(words[1])"
  }

  private static var hostName: String {
    var bytes = [CChar](repeating: 0, count: 256)
    gethostname(&bytes, bytes.count - 1)
    let name = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return name.isEmpty ? "localhost" : name
  }
}
