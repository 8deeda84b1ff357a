/// Reader of a file that is one JSON list of rows: `[{…}, {…}]`, on one line or on many.
///
/// Only strings and brackets are followed here, to find each row's end and its first line. The rows are parsed one at a
/// time, so a large list never stands in memory as objects, and an error names its row and its line.
struct JSONListReader {
  private let bytes: UnsafeRawBufferPointer
  private let path: String
  private var position = 0
  private var line = 1
  /// The row that is being read, from 1.
  private var row = 1

  init(bytes: UnsafeRawBufferPointer, path: String) {
    self.bytes = bytes
    self.path = path
  }

  /// True where a file begins as a list.
  static func begins(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.first { !isSpace($0) } == UInt8(ascii: "[")
  }

  mutating func forEachRecord(_ body: (DatasetRecord) throws(DatasetError) -> Void) throws(DatasetError) {
    skipSpace()
    position += 1
    skipSpace()
    if next != UInt8(ascii: "]") {
      while true {
        let place = place
        try body(DatasetRecord(place: place, content: .json(try object(place: place))))
        skipSpace()
        guard next == UInt8(ascii: ",") else { break }
        position += 1
        row += 1
        skipSpace()
      }
    }
    guard next == UInt8(ascii: "]") else {
      throw fault(next == nil ? "the list has no end: the file is cut short" : "a comma or ] should follow the row")
    }
    position += 1
    skipSpace()
    guard next == nil else { throw fault("more text follows the list: a file holds one list of rows") }
  }

  /// The bytes of the row that begins at a place, which `forEachRecord` has read before.
  mutating func row(at start: Int) throws(DatasetError) -> UnsafeRawBufferPointer {
    position = start
    return try object(place: place)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private var place: String { "\(path):\(line) (row \(row))" }

  private func fault(_ message: String) -> DatasetError { DatasetError(place: place, message: message) }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  private mutating func skipSpace() {
    while let byte = next, Self.isSpace(byte) { advance(byte) }
  }

  private mutating func advance(_ byte: UInt8) {
    if byte == UInt8(ascii: "\n") { line += 1 }
    position += 1
  }

  /// The bytes from `{` to its `}`.
  private mutating func object(place: String) throws(DatasetError) -> UnsafeRawBufferPointer {
    guard next == UInt8(ascii: "{") else {
      throw fault(
        next == nil
          ? "the list has no end: the file is cut short"
          : "is no object: a list of rows is written [{…}, {…}], each row in braces")
    }
    let start = position
    var depth = 0
    var isInString = false
    while let byte = next {
      guard position - start < FileLines.byteLimit else {
        throw DatasetError(place: place, message: FileLines.tooLong("the row"))
      }
      advance(byte)
      if isInString {
        if byte == UInt8(ascii: "\\"), let escaped = next {
          advance(escaped)
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return UnsafeRawBufferPointer(rebasing: bytes[start..<position]) }
      default: break
      }
    }
    throw DatasetError(
      place: place, message: "the row that begins here has no end: close its braces and quotes; is the file cut short?")
  }
}
