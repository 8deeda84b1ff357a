/// The printable stand-ins by which byte-level vocabularies spell bytes.
///
/// Printable Latin-1 characters stand for themselves; the other 68 bytes get U+0100 and onwards, in order.
/// - Source: the GPT-2 vocabulary, Radford et al. 2019.
package enum ByteAlphabet {
  /// The character of each byte.
  package static let scalars: [Unicode.Scalar] = {
    var scalars: [Unicode.Scalar] = []
    var next: UInt32 = 0x100
    for byte in UInt8.min...UInt8.max {
      if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE {
        scalars.append(Unicode.Scalar(byte))
      } else if let scalar = Unicode.Scalar(next) {
        scalars.append(scalar)
        next += 1
      }
    }
    return scalars
  }()

  /// The byte of each character, indexed by scalar value; nil where the character stands for none.
  private static let byteOfScalar: [UInt8?] = {
    var table = [UInt8?](repeating: nil, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { table[Int(scalar.value)] = UInt8(byte) }
    return table
  }()

  /// The bytes that a piece spells, or nil where it holds a character outside the alphabet.
  package static func bytes(of piece: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    for scalar in piece.unicodeScalars {
      guard scalar.value < byteOfScalar.count, let byte = byteOfScalar[Int(scalar.value)] else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  /// The spelling of some bytes.
  package static func piece(of bytes: [UInt8]) -> String {
    var piece = ""
    for byte in bytes { piece.unicodeScalars.append(scalars[Int(byte)]) }
    return piece
  }
}
