import Glibc

/// The lines of a file that others made, none of them longer than a limit: a line is read as a whole, and takes several
/// times its size while it is.
package enum FileLines {
  /// Most bytes of a line.
  package static let byteLimit = 64 << 20

  /// One line.
  package struct Line {
    /// Without the line break. Valid as long as the file's bytes are.
    package let bytes: UnsafeRawBufferPointer
    /// Number of the line, from 1.
    package let number: Int
    /// Place of the line's first byte, counted from the start of the file.
    package let byteOffset: Int
  }

  /// Calls `body` with each line; the last may lack its line break.
  ///
  /// - Parameter tooLong: the error about a line of more than `byteLimit` bytes, by its number.
  package static func forEach<Failure: Error>(
    of bytes: UnsafeRawBufferPointer, tooLong: (Int) -> Failure, _ body: (Line) throws(Failure) -> Void
  ) throws(Failure) {
    var start = 0
    var number = 0
    while start < bytes.count {
      number += 1
      let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
      let length = lineLength(in: rest)
      guard length <= byteLimit else { throw tooLong(number) }
      try body(Line(bytes: UnsafeRawBufferPointer(rebasing: rest[..<length]), number: number, byteOffset: start))
      start += length + 1
    }
  }

  /// Bytes before the line break; one more than may be, as soon as it is clear that they are too many.
  private static func lineLength(in rest: UnsafeRawBufferPointer) -> Int {
    let searched = min(rest.count, byteLimit + 1)
    guard let base = rest.baseAddress, let found = memchr(base, Int32(UInt8(ascii: "\n")), searched) else {
      return searched
    }
    return UnsafeRawPointer(found) - base
  }

  /// Problem and remedy of a line, a cell or an element of more than `byteLimit` bytes.
  package static func tooLong(_ what: String) -> String {
    "\(what) holds more than \(byteLimit) bytes, the most that are read at once: divide it, or give a long text as a .txt"
  }
}
