/// The classes by which the pre-tokenizers' patterns tell characters apart.
enum CharacterClass: UInt8, Sendable {
  /// `\p{L}`
  case letter
  /// `\p{N}`
  case number
  /// `\s`: White_Space
  case space
  /// Everything else.
  case other

  private static let ascii: [CharacterClass] = (0..<128).map { CharacterClass(slow: Unicode.Scalar(UInt8($0))) }

  /// The class of a scalar.
  init(_ scalar: Unicode.Scalar) {
    self = scalar.value < 128 ? Self.ascii[Int(scalar.value)] : CharacterClass(slow: scalar)
  }

  private init(slow scalar: Unicode.Scalar) {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
    case .decimalNumber, .letterNumber, .otherNumber: self = .number
    default: self = properties.isWhitespace ? .space : .other
    }
  }
}

/// One character of a UTF-8 text.
struct ScannedCharacter {
  var scalar: Unicode.Scalar
  var characterClass: CharacterClass
  /// UTF-8 bytes.
  var length: Int

  /// The character at an offset of valid UTF-8, where a character begins.
  @inline(__always)
  init(_ bytes: [UInt8], at offset: Int) {
    let first = bytes[offset]
    if first < 0x80 {
      scalar = Unicode.Scalar(first)
      length = 1
    } else {
      length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
      var value = UInt32(first) & (0xFF >> UInt32(length + 1))
      for next in bytes[offset + 1..<offset + length] { value = value << 6 | UInt32(next & 0x3F) }
      scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
    }
    characterClass = CharacterClass(scalar)
  }

  /// Whether this ends a line in the patterns' sense: `[\r\n]`.
  var isNewline: Bool { scalar == "\n" || scalar == "\r" }
}
