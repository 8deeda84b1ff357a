/// Decoder of LZ4's frames, the usual compression of Feather files.
///
/// Checksums are passed over: a damaged buffer shows in its sizes, or is what it is.
///
/// Source: doc/lz4_Frame_format.md and doc/lz4_Block_format.md of lz4/lz4.
enum LZ4Frame {
  /// Most bytes that a byte of a frame can become.
  static let mostExpansion = 255

  private static let mark: UInt32 = 0x184D_2204

  /// Decodes a frame into `output`, which it fills exactly.
  static func decode(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(ColumnFault) {
    var cursor = ByteCursor(input)
    guard try cursor.number(UInt32.self) == mark else { throw .damaged("an LZ4 frame does not begin as one") }
    let flags = try cursor.byte()
    guard flags >> 6 == 1 else { throw .damaged("an LZ4 frame is of the unknown version \(flags >> 6)") }
    let hasBlockChecksums = flags & 0x10 != 0
    // Size of the blocks; size of the content; number of a dictionary; checksum of the header.
    _ = try cursor.take(1 + (flags & 8 != 0 ? 8 : 0) + (flags & 1 != 0 ? 4 : 0) + 1)
    var written = 0
    while true {
      let size = try cursor.number(UInt32.self)
      if size == 0 { break }
      let block = try cursor.take(Int(size & 0x7FFF_FFFF))
      if size >> 31 == 1 {
        guard block.count <= output.count - written else { throw tooLong(output) }
        if let base = output.baseAddress, let source = block.baseAddress {
          (base + written).copyMemory(from: source, byteCount: block.count)
        }
        written += block.count
      } else {
        try decodeBlock(block, into: output, at: &written)
      }
      if hasBlockChecksums { _ = try cursor.take(4) }
    }
    guard written == output.count else { throw .damaged("an LZ4 frame ends after \(written) of \(output.count) bytes") }
  }

  private static func tooLong(_ output: UnsafeMutableRawBufferPointer) -> ColumnFault {
    .damaged("an LZ4 frame holds more than \(output.count) bytes")
  }

  /// Decodes a block: literals and copies of what was written before, in turn; the last has literals alone.
  private static func decodeBlock(
    _ block: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, at written: inout Int
  ) throws(ColumnFault) {
    var cursor = ByteCursor(block)
    while cursor.remaining > 0 {
      let token = try cursor.byte()
      let literal = try cursor.take(try length(Int(token >> 4), &cursor))
      guard literal.count <= output.count - written, let base = output.baseAddress else {
        if literal.isEmpty, cursor.remaining == 0 { return }
        throw tooLong(output)
      }
      if let source = literal.baseAddress { (base + written).copyMemory(from: source, byteCount: literal.count) }
      written += literal.count
      if cursor.remaining == 0 { return }
      let distance = Int(try cursor.number(UInt16.self))
      let count = try length(Int(token & 15), &cursor) + 4
      guard distance > 0, distance <= written, count <= output.count - written else {
        throw .damaged("an LZ4 block copies from outside itself")
      }
      // The copy may read what it has just written.
      for index in 0..<count { output[written + index] = output[written + index - distance] }
      written += count
    }
  }

  /// A length that begins with 4 bits; 15 means that bytes follow, up to the first that is not 255.
  private static func length(_ first: Int, _ cursor: inout ByteCursor) throws(ColumnFault) -> Int {
    guard first == 15 else { return first }
    var length = 15
    while true {
      let byte = try cursor.byte()
      length += Int(byte)
      if byte < 255 { return length }
    }
  }
}
