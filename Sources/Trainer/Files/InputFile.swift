import Foundation
import Glibc

/// Opens files that others made. Whatever is no regular file is an error at once: a pipe would wait for a writer, and a
/// device may never end.
package enum InputFile {
  /// Most bytes of a file that is read as a whole, unless its reader allows others.
  package static let byteLimit = 256 << 20

  /// Opens a regular file for reading.
  ///
  /// - Returns: the descriptor, which the caller closes, and the size in bytes that the system states.
  /// - Throws: `.notFound` where nothing stands at `path`; `.invalid` where it is a folder, a pipe, a socket or a device;
  ///   `.inputOutput` where it cannot be read.
  package static func open(_ path: String) throws(FileError) -> (descriptor: Int32, byteCount: Int) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .system("stat", path, code: errno) }
    try requireRegular(status, path)
    // What was a file a moment ago may be a pipe now: its opening must not wait either.
    let descriptor = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw .system("open", path, code: errno) }
    do throws(FileError) {
      guard fstat(descriptor, &status) == 0 else { throw .system("fstat", path, code: errno) }
      try requireRegular(status, path)
    } catch {
      close(descriptor)
      throw error
    }
    return (descriptor, Int(status.st_size))
  }

  /// The whole content of a regular file.
  ///
  /// - Parameter limit: most bytes that it may hold.
  package static func contents(_ path: String, limit: Int = byteLimit) throws(FileError) -> Data {
    let (descriptor, byteCount) = try open(path)
    defer { close(descriptor) }
    guard byteCount <= limit else { throw tooLarge(path, limit) }
    // The stated size is a hint: files of the system state 0, and a file may grow while it is read.
    var content = Data()
    content.reserveCapacity(byteCount)
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { piece.deallocate() }
    while true {
      let count = read(descriptor, piece.baseAddress, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system("read", path, code: errno) }
      guard count > 0 else { return content }
      content.append(contentsOf: piece[..<count])
      guard content.count <= limit else { throw tooLarge(path, limit) }
    }
  }

  /// The whole content; nil only where nothing stands at the path. What is there and cannot be read is an error: who
  /// takes it for absent starts anew, and writes over it.
  package static func contentsIfPresent(_ path: String, limit: Int = byteLimit) throws(FileError) -> Data? {
    do throws(FileError) {
      return try contents(path, limit: limit)
    } catch {
      guard error.kind == .notFound else { throw error }
      return nil
    }
  }

  private static func requireRegular(_ status: stat, _ path: String) throws(FileError) {
    let what =
      switch status.st_mode & S_IFMT {
      case S_IFREG: ""
      case S_IFDIR: "a folder"
      case S_IFIFO: "a pipe"
      case S_IFSOCK: "a socket"
      default: "a device"
      }
    guard what.isEmpty else {
      throw .invalid(path, "\(what) stands where a file was expected", remedy: "give the path of a regular file")
    }
  }

  private static func tooLarge(_ path: String, _ limit: Int) -> FileError {
    .invalid(
      path, "the file holds more than \(limit) bytes, the most that is read of its kind",
      remedy: "give the file that was meant")
  }
}
