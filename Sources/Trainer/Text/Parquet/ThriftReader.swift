/// Reader of Thrift's compact protocol, in which Parquet writes its footer and the headers of its pages.
///
/// Source: thrift-compact-protocol.md of Apache Thrift. Fields that nobody asks for are passed over.
struct ThriftReader {
  /// Type of a field or an element.
  enum Kind: UInt8 {
    case yes = 1
    case no = 2
    case byte = 3
    case int16 = 4
    case int32 = 5
    case int64 = 6
    case double = 7
    case binary = 8
    case list = 9
    case set = 10
    case map = 11
    case structure = 12
  }

  /// A field of a structure, before its value is read.
  struct Field {
    /// Number of the field in its structure.
    let id: Int
    /// Type of its value.
    let kind: Kind
  }

  /// Most structures and lists around a value; Parquet's own nest less than ten deep.
  private static let maximumDepth = 24

  private var cursor: ByteCursor
  private var depth = 0

  /// A reader of the structure that `bytes` begin with.
  init(_ bytes: UnsafeRawBufferPointer) { cursor = ByteCursor(bytes) }

  /// Place of the next byte, counted from the first.
  var position: Int { cursor.position }

  // MARK: - Structures and lists

  /// Calls `body` with each field of a structure; `body` reads its value, or passes over it.
  mutating func forEachField(
    _ body: (Field, inout ThriftReader) throws(ColumnFault) -> Void
  ) throws(ColumnFault) {
    try descend()
    var id = 0
    while true {
      let header = try cursor.byte()
      guard header != 0 else { break }
      let step = Int(header >> 4)
      if step > 0 {
        id += step
      } else {
        guard let stated = Int16(exactly: try cursor.zigzagNumber()) else { throw .damaged("a field has no number") }
        id = Int(stated)
      }
      try body(Field(id: id, kind: try kind(header & 0x0F)), &self)
    }
    depth -= 1
  }

  /// Calls `body` for each element of a list; `body` reads its value.
  mutating func forEachElement(
    of field: Field, _ body: (Field, inout ThriftReader) throws(ColumnFault) -> Void
  ) throws(ColumnFault) {
    guard field.kind == .list || field.kind == .set else { throw mistyped(field, "a list") }
    try descend()
    let header = try cursor.byte()
    // Each element takes at least a byte, so that no count leads beyond the bytes.
    let most = cursor.remaining
    var count = Int(header >> 4)
    if count == 15 { count = try cursor.count(upTo: most, of: "the length of a list") }
    guard count <= most else { throw .damaged("a list of \(count) elements has \(most) bytes") }
    if count > 0 {
      let element = Field(id: field.id, kind: try kind(header & 0x0F))
      for _ in 0..<count { try body(element, &self) }
    }
    depth -= 1
  }

  private mutating func descend() throws(ColumnFault) {
    depth += 1
    guard depth <= Self.maximumDepth else { throw .damaged("structures nest deeper than \(Self.maximumDepth)") }
  }

  private func kind(_ code: UInt8) throws(ColumnFault) -> Kind {
    guard let kind = Kind(rawValue: code) else { throw .damaged("a field has the type \(code), which Thrift has not") }
    return kind
  }

  private func mistyped(_ field: Field, _ expected: String) -> ColumnFault {
    .damaged("the field \(field.id) is of the type \(field.kind), where \(expected) was expected")
  }

  // MARK: - Values

  /// An integer of any width.
  mutating func integer(_ field: Field) throws(ColumnFault) -> Int {
    switch field.kind {
    case .byte: Int(Int8(bitPattern: try cursor.byte()))
    case .int16, .int32, .int64: Int(try cursor.zigzagNumber())
    default: throw mistyped(field, "a number")
    }
  }

  /// An integer from 0 up: a size, a count or an offset.
  mutating func size(_ field: Field, of what: String) throws(ColumnFault) -> Int {
    let value = try integer(field)
    guard value >= 0 else { throw .damaged("\(what) is \(value)") }
    return value
  }

  /// A truth value, which a field's type holds.
  func bool(_ field: Field) throws(ColumnFault) -> Bool {
    switch field.kind {
    case .yes: true
    case .no: false
    default: throw mistyped(field, "true or false")
    }
  }

  /// A text.
  mutating func text(_ field: Field) throws(ColumnFault) -> String {
    guard field.kind == .binary else { throw mistyped(field, "a text") }
    let count = try cursor.count(upTo: cursor.remaining, of: "the length of a text")
    guard let text = String(validating: try cursor.take(count), as: UTF8.self) else {
      throw .damaged("a name is not UTF-8")
    }
    return text
  }

  /// Passes over a value of any type.
  ///
  /// - Parameter isElement: true in a list or a map, where a truth value takes a byte of its own.
  mutating func skip(_ field: Field, isElement: Bool = false) throws(ColumnFault) {
    switch field.kind {
    case .yes, .no: if isElement { _ = try cursor.byte() }
    case .byte: _ = try cursor.byte()
    case .int16, .int32, .int64: _ = try cursor.variableLengthNumber()
    case .double: _ = try cursor.take(8)
    case .binary: _ = try cursor.take(try cursor.count(upTo: cursor.remaining, of: "the length of a text"))
    case .list, .set:
      try forEachElement(of: field) { element, reader throws(ColumnFault) in
        try reader.skip(element, isElement: true)
      }
    case .map: try skipMap()
    case .structure:
      try forEachField { field, reader throws(ColumnFault) in try reader.skip(field) }
    }
  }

  private mutating func skipMap() throws(ColumnFault) {
    let count = try cursor.count(upTo: cursor.remaining, of: "the length of a map")
    guard count > 0 else { return }
    try descend()
    let kinds = try cursor.byte()
    let key = Field(id: 0, kind: try kind(kinds >> 4))
    let value = Field(id: 0, kind: try kind(kinds & 0x0F))
    for _ in 0..<count {
      try skip(key, isElement: true)
      try skip(value, isElement: true)
    }
    depth -= 1
  }
}
