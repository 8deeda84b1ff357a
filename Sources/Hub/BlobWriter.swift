import Crypto
import Foundation
import Kernels
import Trainer

/// Hash by which the cache names a content: SHA-256, or the SHA-1 of git's blob (`blob SIZE`, a zero byte, the content).
struct ContentHash {
  private enum State {
    case sha256(SHA256)
    case blob(Insecure.SHA1)
  }

  private var state: State

  init(of file: HubFile) {
    guard file.hash.utf8.count != 64 else {
      state = .sha256(SHA256())
      return
    }
    var hash = Insecure.SHA1()
    hash.update(data: Data("blob \(file.byteCount)\0".utf8))
    state = .blob(hash)
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    switch state {
    case .sha256(var hash):
      hash.update(bufferPointer: bytes)
      state = .sha256(hash)
    case .blob(var hash):
      hash.update(bufferPointer: bytes)
      state = .blob(hash)
    }
  }

  /// The hash in lower-case hexadecimal digits.
  var digits: String {
    switch state {
    case .sha256(let hash): hash.finalize().hexadecimal
    case .blob(let hash): hash.finalize().hexadecimal
    }
  }
}

/// Writer of one content: it grows as `HASH.incomplete`, where a stopped download finds it again, and takes its place
/// once it is whole and has the right hash.
final class BlobWriter {
  private let file: HubFile
  private let path: String
  private let place: String
  private var descriptor: Int32
  private var hash: ContentHash
  /// Bytes that stand in the file.
  private(set) var byteCount = 0
  /// Takes the number of bytes whenever it changes.
  private let progress: (Int) -> Void

  /// Opens what an earlier download left, or begins.
  ///
  /// - Parameter place: the content's place in the cache.
  init(_ file: HubFile, at place: URL, progress: @escaping (Int) -> Void) throws(HubError) {
    self.file = file
    self.place = place.path
    self.progress = progress
    path = place.path + ".incomplete"
    hash = ContentHash(of: file)
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw HubError(.system("open", path, code: errno)) }
    try readEarlier()
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Reads what is there already, for its hash.
  private func readEarlier() throws(HubError) {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { piece.deallocate() }
    while true {
      if let signal = Interruption.signal { throw .stopped(signal) }
      let count = read(descriptor, piece.baseAddress, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw HubError(.system("read", path, code: errno)) }
      guard count > 0 else { break }
      hash.update(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(piece)[..<count]))
      byteCount += count
    }
    if byteCount > file.byteCount { try restart() }
    progress(byteCount)
  }

  /// Forgets every byte.
  func restart() throws(HubError) {
    guard byteCount > 0 else { return }
    guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
      throw HubError(.system("ftruncate", path, code: errno))
    }
    hash = ContentHash(of: file)
    byteCount = 0
    progress(0)
  }

  /// Appends bytes, as far as the file may have any.
  func append(_ bytes: UnsafeRawBufferPointer) throws(HubError) {
    guard byteCount + bytes.count <= file.byteCount else {
      throw HubError(
        65, "\(file.path): more bytes came than the \(file.byteCount) of the listing", "run the command again")
    }
    var position = 0
    while position < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
      let count = write(descriptor, rest.baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw HubError(.system("write", path, code: errno)) }
      position += count
    }
    hash.update(bytes)
    byteCount += bytes.count
    progress(byteCount)
  }

  /// True where every byte is there, and their hash is that of the listing.
  var isWhole: Bool { byteCount == file.byteCount && hash.digits == file.hash }

  /// The hash of what is there.
  var found: String { hash.digits }

  /// Puts a whole content in its place, durably.
  func commit() throws(HubError) {
    precondition(isWhole, "a content is placed once it is whole")
    guard fsync(descriptor) == 0 else { throw HubError(.system("fsync", path, code: errno)) }
    guard rename(path, place) == 0 else { throw HubError(.system("rename", place, code: errno)) }
  }
}
