import Crypto
import Foundation
import Kernels

/// SHA-256 of files and bytes, as 64 lower-case hexadecimal digits: what manifests name a file's content by.
package enum FileHash {
  /// Pages are hashed in pieces of this many bytes, so that a model larger than the memory streams through.
  private static let pieceByteCount = 1 << 20

  /// The hash of the file at `url`.
  package static func sha256(of url: URL) throws(FileError) -> String {
    let file = try MappedFile(path: url.path)
    // The closure keeps the mapping alive while its bytes are read.
    return withExtendedLifetime(file) { sha256(of: file.bytes) { file.release($0) } }
  }

  /// The hash of `bytes`.
  ///
  /// - Parameter passed: called with each hashed range, so that its pages can be released.
  package static func sha256(of bytes: UnsafeRawBufferPointer, passed: (Range<Int>) -> Void = { _ in }) -> String {
    var hasher = SHA256()
    var position = 0
    while position < bytes.count {
      let end = min(bytes.count, position + pieceByteCount)
      hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[position..<end]))
      passed(position..<end)
      position = end
    }
    return hasher.finalize().hexadecimal
  }

  /// The hash of `data`.
  package static func sha256(of data: Data) -> String { SHA256.hash(data: data).hexadecimal }
}
