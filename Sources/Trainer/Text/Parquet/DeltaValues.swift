/// Integers written as differences (DELTA_BINARY_PACKED).
final class DeltaIntegers: PageValues {
  private let type: ParquetType
  private var decoder: DeltaDecoder

  /// Integers of `type` in `bytes`, at most `most`.
  init(_ bytes: UnsafeRawBufferPointer, type: ParquetType, most: Int) throws(ColumnFault) {
    self.type = type
    decoder = try DeltaDecoder(bytes, most: most)
  }

  func next() throws(ColumnFault) -> JSON.Content {
    let value = try decoder.next()
    switch type {
    // Sums of 32 bits wrap around at 32.
    case .int32(let isUnsigned):
      let bits = UInt32(truncatingIfNeeded: value)
      return .integer(isUnsigned ? Int(bits) : Int(Int32(bitPattern: bits)))
    case .int64(let isUnsigned): return .integer(bits: UInt64(bitPattern: value), isUnsigned: isUnsigned)
    default: throw .damaged("differences stand where no integers are")
    }
  }
}

/// Texts behind the differences of their lengths (DELTA_LENGTH_BYTE_ARRAY).
struct DeltaLengthDecoder {
  private var lengths: DeltaDecoder
  private var texts: ByteCursor

  /// Texts in `bytes`, at most `most`.
  init(_ bytes: UnsafeRawBufferPointer, most: Int) throws(ColumnFault) {
    lengths = try DeltaDecoder(bytes, most: most)
    texts = ByteCursor(try lengths.rest())
  }

  /// The bytes of the next text.
  mutating func next() throws(ColumnFault) -> UnsafeRawBufferPointer {
    guard let length = Int32(exactly: try lengths.next()), length >= 0 else {
      throw .damaged("a text has a length that none can have")
    }
    return try texts.take(Int(length))
  }
}

/// Texts behind the differences of their lengths.
final class DeltaLengthValues: PageValues {
  private var decoder: DeltaLengthDecoder

  /// Texts in `bytes`, at most `most`.
  init(_ bytes: UnsafeRawBufferPointer, most: Int) throws(ColumnFault) {
    decoder = try DeltaLengthDecoder(bytes, most: most)
  }

  func next() throws(ColumnFault) -> JSON.Content { try .text(try decoder.next()) }
}

/// Texts without the beginning that each shares with the one before (DELTA_BYTE_ARRAY).
final class DeltaPrefixValues: PageValues {
  private var prefixes: DeltaDecoder
  private var suffixes: DeltaLengthDecoder
  private var text: [UInt8] = []

  /// Texts in `bytes`, at most `most`.
  init(_ bytes: UnsafeRawBufferPointer, most: Int) throws(ColumnFault) {
    prefixes = try DeltaDecoder(bytes, most: most)
    suffixes = try DeltaLengthDecoder(try prefixes.rest(), most: most)
  }

  func next() throws(ColumnFault) -> JSON.Content {
    let prefix = try prefixes.next()
    let suffix = try suffixes.next()
    guard prefix >= 0, prefix <= Int64(text.count) else {
      throw .damaged("a text shares \(prefix) bytes with one of \(text.count)")
    }
    guard Int(prefix) + suffix.count <= FileLines.byteLimit else {
      throw ColumnFault(
        kind: .unsupported, problem: "a text of more than \(FileLines.byteLimit) bytes",
        remedy: "divide it into several")
    }
    text.removeSubrange(Int(prefix)...)
    text.append(contentsOf: suffix)
    return try text.withUnsafeBytes { bytes in
      Result { () throws(ColumnFault) in try JSON.Content.text(bytes) }
    }.get()
  }
}
