/// The values of a page, one after another; nulls are not among them.
protocol PageValues: AnyObject {
  /// The next value.
  func next() throws(ColumnFault) -> JSON.Content
}

/// Values one after another (PLAIN), and the first bytes of all values before the second ones (BYTE_STREAM_SPLIT).
final class PlainValues: PageValues {
  private let type: ParquetType
  private var cursor: ByteCursor
  /// Values in streams of bytes; nil where each stands in one piece.
  private let splitCount: Int?
  private var passed = 0

  /// Values of `type` in `bytes`.
  ///
  /// - Parameter isSplit: true for BYTE_STREAM_SPLIT.
  init(_ bytes: UnsafeRawBufferPointer, type: ParquetType, isSplit: Bool = false) throws(ColumnFault) {
    self.type = type
    cursor = ByteCursor(bytes)
    guard isSplit else {
      splitCount = nil
      return
    }
    guard let size = type.byteCount, bytes.count % size == 0 else {
      throw .damaged("\(bytes.count) bytes cannot be divided into the streams of its values")
    }
    splitCount = bytes.count / size
  }

  func next() throws(ColumnFault) -> JSON.Content {
    switch type {
    case .boolean:
      defer { passed += 1 }
      return .bool(try PackedBits(cursor.bytes, width: 1).number(at: passed) == 1)
    case .int32(let isUnsigned):
      let bits = try number(UInt32.self)
      return .integer(isUnsigned ? Int(bits) : Int(Int32(bitPattern: bits)))
    case .int64(let isUnsigned): return .integer(bits: try number(UInt64.self), isUnsigned: isUnsigned)
    case .half: return .number(Double(Float16(bitPattern: try number(UInt16.self))))
    case .float: return .number(Double(Float(bitPattern: try number(UInt32.self))))
    case .double: return .number(Double(bitPattern: try number(UInt64.self)))
    case .text:
      let count = Int(try cursor.number(UInt32.self))
      return try .text(try cursor.take(count))
    case .unread(let what): throw .unsupported("it holds \(what)")
    }
  }

  private func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(ColumnFault) -> Number {
    guard let splitCount else { return try cursor.number(type) }
    guard passed < splitCount else { throw .damaged("the page ends before its last value") }
    var number: Number = 0
    for stream in 0..<MemoryLayout<Number>.size {
      number |= Number(truncatingIfNeeded: cursor.bytes[stream * splitCount + passed]) << (8 * stream)
    }
    passed += 1
    return number
  }
}

/// Values named by their places in the column chunk's dictionary.
final class DictionaryValues: PageValues {
  private let dictionary: [JSON.Content]
  private var places: RunLengthDecoder

  /// Places in `dictionary`, whose width is the first of `bytes`.
  init(_ bytes: UnsafeRawBufferPointer, dictionary: [JSON.Content]) throws(ColumnFault) {
    self.dictionary = dictionary
    var cursor = ByteCursor(bytes)
    // A page of nulls alone may have no bytes at all.
    let width = bytes.isEmpty ? 0 : Int(try cursor.byte())
    places = try RunLengthDecoder(try cursor.take(cursor.remaining), width: width)
  }

  func next() throws(ColumnFault) -> JSON.Content {
    let place = Int(try places.next())
    guard place < dictionary.count else {
      throw .damaged("a value is the \(place)th of a dictionary of \(dictionary.count)")
    }
    return dictionary[place]
  }
}

/// Truth values in runs.
final class RunLengthValues: PageValues {
  private var decoder: RunLengthDecoder

  /// Truth values in `bytes`, whose length stands before them.
  init(_ bytes: UnsafeRawBufferPointer) throws(ColumnFault) {
    var cursor = ByteCursor(bytes)
    let count = bytes.isEmpty ? 0 : Int(try cursor.number(UInt32.self))
    decoder = try RunLengthDecoder(try cursor.take(count), width: 1)
  }

  func next() throws(ColumnFault) -> JSON.Content { .bool(try decoder.next() == 1) }
}

extension JSON.Content {
  /// Text of a value; bytes that are not UTF-8 are an error.
  static func text(_ bytes: UnsafeRawBufferPointer) throws(ColumnFault) -> JSON.Content {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ColumnFault(kind: .invalid, problem: "a text is not UTF-8", remedy: "write the column's texts as UTF-8")
    }
    return .string(text)
  }

  /// An integer of 64 bits; one beyond 2⁶³ becomes the nearest number, as in JSON text.
  static func integer(bits: UInt64, isUnsigned: Bool) -> JSON.Content {
    let signed = Int(Int64(bitPattern: bits))
    return isUnsigned && signed < 0 ? .number(Double(bits)) : .integer(signed)
  }
}
