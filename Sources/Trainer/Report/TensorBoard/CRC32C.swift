/// Cyclic redundancy check of TFRecord files: CRC-32C (Castagnoli), RFC 3720, appendix B.4.
package enum CRC32C {
  /// Remainder of each byte; the polynomial is 0x1EDC6F41, its bits reversed.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0x82F6_3B78 : rest >> 1 }
  }

  /// Checksum of `bytes`.
  package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var rest = UInt32.max
    table.withUnsafeBufferPointer { table in
      for byte in bytes { rest = table[Int((rest ^ UInt32(byte)) & 0xFF)] ^ rest >> 8 }
    }
    return ~rest
  }

  /// Checksum as TFRecord stores it: rotated, plus a constant, since bytes that hold their own checksum check badly.
  package static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let check = checksum(bytes)
    return (check >> 15 | check << 17) &+ 0xA282_EAD8
  }
}
