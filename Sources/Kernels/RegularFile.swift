import Foundation
import Glibc

/// Reads small files that lie beside the program or in the user's folders. Anything but a regular file is refused:
/// reading a pipe or a device might never end.
package enum RegularFile {
  /// The reason why a file was not read.
  package enum Unreadable: Error {
    case absent
    case refused(reason: String)
  }

  /// The whole content of a file.
  ///
  /// - Parameter limit: the most bytes that the file may hold.
  /// - Throws: `absent` where there is no file; `refused` where it is no regular file, too large or unreadable.
  package static func contents(of url: URL, limit: Int = 64 << 20) throws(Unreadable) -> Data {
    let descriptor = open(url.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else {
      throw errno == ENOENT || errno == ENOTDIR ? .absent : .refused(reason: String(cString: strerror(errno)))
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .refused(reason: "it is no regular file")
    }
    guard status.st_size <= limit else { throw .refused(reason: "it holds more than \(limit) bytes") }
    do {
      return try file.read(upToCount: limit) ?? Data()
    } catch {
      throw .refused(reason: "reading it failed")
    }
  }
}
