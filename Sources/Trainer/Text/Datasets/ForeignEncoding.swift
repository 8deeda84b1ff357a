/// A text that is not UTF-8: its likely encoding, and the command that converts it.
struct ForeignEncoding {
  /// The finding and the remedy, for an error whose place is the file or a line of it.
  let message: String

  /// A text in units of two or four bytes: it begins with a mark of its own, or has a zero byte in its first character.
  ///
  /// - Returns: nil for any other text.
  init?(wide bytes: UnsafeRawBufferPointer) {
    let first = Array(bytes.prefix(4))
    let name: String
    switch first {
    case [0xFF, 0xFE, 0, 0], [0, 0, 0xFE, 0xFF]: name = "UTF-32"
    case _ where first.starts(with: [0xFF, 0xFE]) || first.starts(with: [0xFE, 0xFF]): name = "UTF-16"
    case _ where first.count == 4 && first[1...] == [0, 0, 0]: name = "UTF-32LE"
    case _ where first.count == 4 && first[..<3] == [0, 0, 0]: name = "UTF-32BE"
    case _ where first.count > 1 && first[1] == 0: name = "UTF-16LE"
    case _ where first.first == 0: name = "UTF-16BE"
    case _ where first.contains(0): name = "UTF-16"
    default: return nil
    }
    message = "is not UTF-8 text but, by its first bytes, \(name): \(Self.remedy(name))"
  }

  /// A text with a byte that is not UTF-8.
  ///
  /// - Parameter part: the part of the file that the bytes are, in words: "row".
  init(_ bytes: UnsafeRawBufferPointer, in part: String) {
    let place = Self.firstFault(bytes)
    let value = place < bytes.count ? bytes[place] : 0
    let shown = String(value, radix: 16, uppercase: true)
    // Latin-1 has control characters from 0x80 to 0x9F, Windows letters and quotes.
    let isWindows = bytes[place...].contains { (0x80...0x9F).contains($0) }
    let (name, command) = isWindows ? ("Windows-1252", "WINDOWS-1252") : ("Latin-1", "LATIN1")
    message =
      "is not UTF-8 text (byte \(place) of the \(part) is 0x\(shown), as in \(name)): \(Self.remedy(command))"
  }

  private static func remedy(_ name: String) -> String {
    "convert the file, as with iconv -f \(name) -t UTF-8 OLD > NEW"
  }

  /// Place of the first byte that does not belong to a character of UTF-8; the number of bytes where there is none.
  private static func firstFault(_ bytes: UnsafeRawBufferPointer) -> Int {
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var position = 0
    while true {
      switch parser.parseScalar(from: &rest) {
      case .valid(let scalar): position += scalar.count
      case .error, .emptyInput: return position
      }
    }
  }
}
