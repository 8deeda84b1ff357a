/// Decoder of Snappy's raw blocks, the usual compression of Parquet.
///
/// Source: format_description.txt of google/snappy.
enum SnappyBlock {
  /// Most bytes that a byte of a block can become: three bytes copy at most 64.
  static let mostExpansion = 22

  /// Decodes a block into `output`, which it fills exactly.
  static func decode(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(ColumnFault) {
    var cursor = ByteCursor(input)
    let count = try cursor.count(upTo: output.count, of: "the size of a Snappy block")
    guard count == output.count else {
      throw .damaged("a Snappy block holds \(count) bytes where the page has \(output.count)")
    }
    guard let base = output.baseAddress else { return }
    var written = 0
    while cursor.remaining > 0 {
      let tag = try cursor.byte()
      if tag & 3 == 0 {
        let length = try literalLength(tag, &cursor)
        guard length <= count - written else { throw .damaged("a Snappy block holds more than it says") }
        let literal = try cursor.take(length)
        if let source = literal.baseAddress { (base + written).copyMemory(from: source, byteCount: length) }
        written += length
      } else {
        let (length, distance) = try copy(tag, &cursor)
        guard distance > 0, distance <= written, length <= count - written else {
          throw .damaged("a Snappy block copies from outside itself")
        }
        let target = base + written
        if distance >= length {
          target.copyMemory(from: target - distance, byteCount: length)
        } else {
          // The copy reads what it has just written.
          for index in 0..<length { output[written + index] = output[written + index - distance] }
        }
        written += length
      }
    }
    guard written == count else { throw .damaged("a Snappy block ends after \(written) of \(count) bytes") }
  }

  private static func literalLength(_ tag: UInt8, _ cursor: inout ByteCursor) throws(ColumnFault) -> Int {
    let stated = Int(tag >> 2)
    guard stated >= 60 else { return stated + 1 }
    var length = 0
    for index in 0..<stated - 59 { length |= Int(try cursor.byte()) << (8 * index) }
    return length + 1
  }

  private static func copy(
    _ tag: UInt8, _ cursor: inout ByteCursor
  ) throws(ColumnFault) -> (length: Int, distance: Int) {
    switch tag & 3 {
    case 1: (4 + Int(tag >> 2 & 7), Int(tag >> 5) << 8 | Int(try cursor.byte()))
    case 2: (1 + Int(tag >> 2), Int(try cursor.number(UInt16.self)))
    default: (1 + Int(tag >> 2), Int(try cursor.number(UInt32.self)))
    }
  }
}
