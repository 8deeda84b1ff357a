/// A table of a FlatBuffer, the form of Arrow's metadata. Every offset is checked against the buffer's end.
///
/// Source: https://flatbuffers.dev/internals.
struct FlatTable {
  /// Fixed-size values that lie one after another.
  typealias Structs = (count: Int, bytes: UnsafeRawBufferPointer)

  private let bytes: UnsafeRawBufferPointer
  /// Place of the table, from which its fields' offsets count.
  private let position: Int
  /// Places of the fields' offsets, two bytes each.
  private let fields: Range<Int>

  /// The root table of a buffer.
  init(root bytes: UnsafeRawBufferPointer) throws(ColumnFault) {
    try self.init(bytes, at: Int(try Self.load(UInt32.self, bytes, at: 0)))
  }

  private init(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(ColumnFault) {
    (self.bytes, self.position) = (bytes, position)
    let table = position - Int(try Self.load(Int32.self, bytes, at: position))
    let size = Int(try Self.load(UInt16.self, bytes, at: table))
    guard size >= 4, table + size <= bytes.count else { throw .damaged("a table of the metadata lies outside of it") }
    fields = table + 4..<table + size
  }

  private static func load<Number: FixedWidthInteger>(
    _ type: Number.Type, _ bytes: UnsafeRawBufferPointer, at place: Int
  ) throws(ColumnFault) -> Number {
    guard place >= 0, place <= bytes.count - MemoryLayout<Number>.size else {
      throw .damaged("the metadata refer to byte \(place) of \(bytes.count)")
    }
    return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: Number.self))
  }

  /// The place of a field's value; nil where the table leaves it out.
  private func place(_ field: Int) throws(ColumnFault) -> Int? {
    let entry = fields.lowerBound + 2 * field
    guard entry + 2 <= fields.upperBound else { return nil }
    let offset = try Self.load(UInt16.self, bytes, at: entry)
    return offset == 0 ? nil : position + Int(offset)
  }

  /// The place that the offset in a field leads to.
  private func target(_ field: Int) throws(ColumnFault) -> Int? {
    guard let place = try place(field) else { return nil }
    return place + Int(try Self.load(UInt32.self, bytes, at: place))
  }

  /// A number; the default where the table leaves it out.
  func number<Number: FixedWidthInteger>(
    _ field: Int, _ type: Number.Type, default absent: Number = 0
  ) throws(ColumnFault) -> Number {
    guard let place = try place(field) else { return absent }
    return try Self.load(type, bytes, at: place)
  }

  /// A table; nil where this one leaves it out.
  func table(_ field: Int) throws(ColumnFault) -> FlatTable? {
    guard let target = try target(field) else { return nil }
    return try FlatTable(bytes, at: target)
  }

  /// A text, empty where the table leaves it out.
  func text(_ field: Int) throws(ColumnFault) -> String {
    guard let (_, content) = try vector(field, size: 1) else { return "" }
    guard let text = String(validating: content, as: UTF8.self) else {
      throw .damaged("a name in the metadata is not UTF-8")
    }
    return text
  }

  /// A list of tables; empty where the table leaves it out.
  func tables(_ field: Int) throws(ColumnFault) -> [FlatTable] {
    guard let (count, content) = try vector(field, size: 4), let start = try target(field) else { return [] }
    var tables: [FlatTable] = []
    for index in 0..<count {
      let offset = Int(try Self.load(UInt32.self, content, at: 4 * index))
      tables.append(try FlatTable(bytes, at: start + 4 + 4 * index + offset))
    }
    return tables
  }

  /// A list of values of `size` bytes each; none where the table leaves it out.
  func structs(_ field: Int, size: Int) throws(ColumnFault) -> Structs {
    try vector(field, size: size) ?? (0, UnsafeRawBufferPointer(start: nil, count: 0))
  }

  private func vector(_ field: Int, size: Int) throws(ColumnFault) -> Structs? {
    guard let start = try target(field) else { return nil }
    let count = Int(try Self.load(UInt32.self, bytes, at: start))
    guard count <= (bytes.count - start - 4) / size else {
      throw .damaged("a list of \(count) in the metadata is longer than they are")
    }
    return (count, UnsafeRawBufferPointer(rebasing: bytes[start + 4..<start + 4 + count * size]))
  }
}
