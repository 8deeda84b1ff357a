/// A place in some of a file's bytes: every read is checked against their end.
///
/// It does not own the bytes; whoever made it keeps them.
struct ByteCursor {
  /// The bytes that it walks through.
  let bytes: UnsafeRawBufferPointer
  /// Place of the next byte, counted from the first of `bytes`.
  private(set) var position = 0

  /// A cursor before the first of `bytes`.
  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Bytes that are left.
  var remaining: Int { bytes.count - position }

  /// The next `count` bytes, which it passes.
  mutating func take(_ count: Int) throws(ColumnFault) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else {
      throw .damaged("\(count) bytes were expected, \(remaining) are left")
    }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  /// The next byte, which it passes.
  mutating func byte() throws(ColumnFault) -> UInt8 {
    guard position < bytes.count else { throw .damaged("the bytes end where one more was expected") }
    defer { position += 1 }
    return bytes[position]
  }

  /// The next number, little-endian, which it passes.
  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(ColumnFault) -> Number {
    Number(littleEndian: try take(MemoryLayout<Number>.size).loadUnaligned(as: type))
  }

  /// The next unsigned number in groups of seven bits, the lowest first (ULEB128).
  mutating func variableLengthNumber() throws(ColumnFault) -> UInt64 {
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try byte()
      let group = UInt64(byte & 0x7F)
      guard shift < 63 || (shift == 63 && group <= 1) else { throw .damaged("a number has more than 64 bits") }
      number |= group << shift
      if byte < 0x80 { return number }
      shift += 7
    }
  }

  /// The next signed number: zigzag (0, −1, 1, −2 …), then as `variableLengthNumber`.
  mutating func zigzagNumber() throws(ColumnFault) -> Int64 {
    let number = try variableLengthNumber()
    return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
  }

  /// The next unsigned number, which must be no more than `most`.
  mutating func count(upTo most: Int, of what: String) throws(ColumnFault) -> Int {
    let number = try variableLengthNumber()
    guard number <= UInt64(max(most, 0)) else { throw .damaged("\(what) is \(number), where at most \(most) can be") }
    return Int(number)
  }
}

/// Numbers of some bits each, packed from the lowest bit of the first byte on.
struct PackedBits {
  private let bytes: UnsafeRawBufferPointer
  private let width: Int

  /// Numbers of `width` bits, 0 to 64.
  init(_ bytes: UnsafeRawBufferPointer, width: Int) {
    self.bytes = bytes
    self.width = width
  }

  /// The number at `index`; bits beyond the last byte are an error.
  func number(at index: Int) throws(ColumnFault) -> UInt64 {
    guard width > 0 else { return 0 }
    let (first, overflows) = index.multipliedReportingOverflow(by: width)
    guard !overflows, first <= 8 * bytes.count - width else { throw .damaged("packed numbers end too early") }
    let mask = UInt64.max >> UInt64(64 - width)
    let (byte, shift) = (first >> 3, UInt64(first & 7))
    if byte + 8 <= bytes.count, width <= 56 {
      return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: byte, as: UInt64.self)) >> shift & mask
    }
    var number: UInt64 = 0
    for (place, index) in (byte...(first + width - 1) >> 3).enumerated() {
      // The lowest byte loses its `shift` bits; those after it move down as far.
      let bits = UInt64(bytes[index])
      number |= place == 0 ? bits >> shift : bits << (8 * UInt64(place) - shift)
    }
    return number & mask
  }
}
