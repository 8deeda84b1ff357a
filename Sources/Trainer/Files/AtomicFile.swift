import Foundation
import Glibc

/// A file that appears under its name only when it is whole.
///
/// The bytes go to a temporary file in the same folder; `commit` flushes it to the disk, renames it over the
/// destination and flushes the folder. Until then, and after a failure, the destination keeps what it held.
package final class AtomicFile {
  private let destination: String
  private let temporary: String
  private var descriptor: Int32
  private static let temporaryEnding = ".partial"
  /// Bytes written so far.
  package private(set) var byteCount = 0

  /// Starts a file that will stand at `destination`; its folder must exist.
  package init(_ destination: URL) throws(FileError) {
    self.destination = destination.path
    // The process id and a random part keep two writers, and the rests of a killed one, apart.
    temporary = self.destination + ".\(getpid())-\(UInt32.random(in: 0 ... .max))\(Self.temporaryEnding)"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      let code = errno
      guard code != ENOENT else {
        throw FileError(
          .notFound, path: self.destination,
          "there is no folder \(destination.deletingLastPathComponent().path) to write it into",
          remedy: "make the folder (mkdir -p), or name another")
      }
      throw .system("creating a temporary file", temporary, code: code)
    }
  }

  deinit { discard() }

  /// Appends `bytes`.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    precondition(descriptor >= 0, "write after commit")
    var position = 0
    while position < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
      // One call writes at most 2 GiB on Linux; less is normal, and a signal may interrupt it.
      let written = Glibc.write(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
      if written < 0 {
        if errno == EINTR { continue }
        throw .system("write", temporary, code: errno)
      }
      position += written
      byteCount += written
    }
  }

  /// Puts the file in its place, durably.
  package func commit() throws(FileError) {
    precondition(descriptor >= 0, "commit twice")
    guard fsync(descriptor) == 0 else { throw .system("fsync", temporary, code: errno) }
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0 else {
      let code = errno
      unlink(temporary)
      throw .system("close", temporary, code: code)
    }
    guard rename(temporary, destination) == 0 else {
      let code = errno
      unlink(temporary)
      throw .system("renaming the temporary file", destination, code: code)
    }
    try Self.flushFolder(of: destination)
  }

  /// Tells names that only `AtomicFile` gives, for as long as it writes: `NAME.PROCESS-NUMBER.partial`.
  package static func isTemporary(_ name: String) -> Bool {
    guard name.hasSuffix(temporaryEnding) else { return false }
    let parts = name.dropLast(temporaryEnding.count).split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 1, let numbers = parts.last?.split(separator: "-", omittingEmptySubsequences: false) else {
      return false
    }
    return numbers.count == 2 && numbers.allSatisfy { UInt32($0) != nil }
  }

  /// Gives up: removes the temporary file. Does nothing after `commit`.
  package func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary)
    descriptor = -1
  }

  /// Writes all of `data` at `destination`, or leaves what is there.
  package static func write(_ data: Data, to destination: URL) throws(FileError) {
    let file = try AtomicFile(destination)
    // A closure would lose the error's type, so the result carries it.
    let outcome = data.withUnsafeBytes { bytes -> Result<Void, FileError> in
      do throws(FileError) {
        try file.write(bytes)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try outcome.get()
    try file.commit()
  }

  /// Flushes the entry of `path` in its folder: a rename alone may be lost with the power.
  private static func flushFolder(of path: String) throws(FileError) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open", folder, code: errno) }
    defer { close(descriptor) }
    // Some file systems cannot flush a folder and say EINVAL: nothing more can be done there.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw .system("fsync", folder, code: errno) }
  }
}
