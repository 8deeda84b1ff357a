/// Reads little-endian values one after another, never beyond the end.
struct GGUFCursor {
  /// The file's bytes.
  let bytes: UnsafeRawBufferPointer
  /// The file's path, for messages.
  let path: String
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer, path: String, position: Int = 0) {
    self.bytes = bytes
    self.path = path
    self.position = position
  }

  /// Bytes between the position and the end.
  var remaining: Int { bytes.count - position }

  /// An error at the cursor's byte.
  func failure(_ problem: String) -> FileError { .invalid(path, at: position, problem) }

  /// Steps over `count` bytes.
  mutating func skip(_ count: Int) throws(FileError) {
    guard count >= 0, count <= remaining else { throw failure("\(count) bytes are expected, but \(remaining) follow") }
    position += count
  }

  /// An integer of any width.
  mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws(FileError) -> T {
    let start = position
    try skip(MemoryLayout<T>.size)
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: T.self))
  }

  /// A count that a file claims, of things that take at least `minimumSize` bytes each: what cannot fit is refused
  /// before anything is reserved for it.
  mutating func count(of what: String, minimumSize: Int) throws(FileError) -> Int {
    let start = position
    let claimed = try integer(UInt64.self)
    guard claimed <= UInt64(remaining / minimumSize) else {
      throw .invalid(path, at: start, "\(claimed) \(what) are claimed, but only \(remaining) bytes follow")
    }
    return Int(claimed)
  }

  /// A string: a length of eight bytes, then UTF-8.
  mutating func string() throws(FileError) -> String {
    let length = try count(of: "bytes of a string", minimumSize: 1)
    let start = position
    try skip(length)
    guard let text = String(validating: bytes[start..<position], as: UTF8.self) else {
      throw .invalid(path, at: start, "a string of \(length) bytes is not UTF-8")
    }
    return text
  }
}
