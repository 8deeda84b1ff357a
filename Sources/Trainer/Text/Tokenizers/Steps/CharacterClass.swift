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
    (scalar, length) = UTF8Reader.scalar(in: bytes, at: offset)
    characterClass = CharacterClass(scalar)
  }

  /// True where this ends a line in the patterns' sense: `[\r\n]`.
  var isNewline: Bool { scalar == "\n" || scalar == "\r" }
}
