/// Type of a column's values in an Arrow file, as far as JSON has them.
enum ArrowType: Sendable, Equatable {
  /// Nulls alone; no buffers.
  case null
  /// true and false; a bit each.
  case boolean
  /// Integers of 1, 2, 4 or 8 bytes.
  case integer(bytes: Int, isSigned: Bool)
  /// Numbers of 2, 4 or 8 bytes.
  case float(bytes: Int)
  /// UTF-8 text, by offsets of 4 or 8 bytes.
  case text(offsetBytes: Int)
  /// Lists of the child's values, by offsets of 4 or 8 bytes.
  case list(offsetBytes: Int)
  /// Lists of as many of the child's values each.
  case fixedList(count: Int)
  /// Members, a child each.
  case structure
  /// Lists of pairs of a key and a value, by offsets of 4 bytes.
  case map
  /// Values that no row can hold, in words, and their buffers in a batch; nil: as many as the batch says.
  case unread(String, buffers: Int?)

  /// Buffers of a column of this type in a batch; nil: two, and as many more as the batch says.
  var bufferCount: Int? {
    switch self {
    case .null: 0
    case .fixedList, .structure: 1
    case .boolean, .integer, .float, .list, .map: 2
    case .text: 3
    case .unread(_, let buffers): buffers
    }
  }

  /// - Parameters:
  ///   - number: of the type in the format.
  ///   - table: the type's properties.
  init(_ number: UInt8, _ table: FlatTable?) throws(ColumnFault) {
    switch number {
    case 1: self = .null
    case 2: self = try Self.integer(table)
    case 3:
      let precision = try table?.number(0, Int16.self) ?? 0
      guard (0...2).contains(precision) else { throw .damaged("a number of the unknown precision \(precision)") }
      self = .float(bytes: 2 << Int(precision))
    case 4, 19: self = .unread("bytes", buffers: 3)
    case 5: self = .text(offsetBytes: 4)
    case 6: self = .boolean
    case 7: self = .unread("decimals", buffers: 2)
    case 8: self = .unread("dates", buffers: 2)
    case 9: self = .unread("times of day", buffers: 2)
    case 10: self = .unread("timestamps", buffers: 2)
    case 11, 18: self = .unread("durations", buffers: 2)
    case 12: self = .list(offsetBytes: 4)
    case 13: self = .structure
    case 14: self = .unread("unions of types", buffers: try table?.number(0, Int16.self) == 1 ? 2 : 1)
    case 15: self = .unread("bytes", buffers: 2)
    case 16:
      let count = try table?.number(0, Int32.self) ?? 0
      guard count >= 0 else { throw .damaged("a list of \(count) values") }
      self = .fixedList(count: Int(count))
    case 17: self = .map
    case 20: self = .text(offsetBytes: 8)
    case 21: self = .list(offsetBytes: 8)
    case 22: self = .unread("run-end encoded values", buffers: 0)
    case 23: self = .unread("bytes", buffers: nil)
    case 24: self = .unread("views of texts (string_view; cast it to string)", buffers: nil)
    case 25, 26: self = .unread("views of lists (list_view; cast it to list)", buffers: 3)
    default: throw .damaged("a column of the unknown type \(number)")
    }
  }

  static func integer(_ table: FlatTable?) throws(ColumnFault) -> ArrowType {
    let bits = try table?.number(0, Int32.self) ?? 0
    guard [8, 16, 32, 64].contains(bits) else { throw .damaged("an integer of \(bits) bits") }
    return .integer(bytes: Int(bits) / 8, isSigned: try table?.number(1, UInt8.self) ?? 0 != 0)
  }
}

/// A column of an Arrow file, or a part of one.
struct ArrowField: Sendable {
  /// Deepest nesting of columns.
  static let depthLimit = 32
  /// Most columns, parts of columns counted: a schema may name one part many times over.
  private static let countLimit = 100_000

  let name: String
  let type: ArrowType
  let children: [ArrowField]
  /// Values that stand in a dictionary of this number, and the type of the indices into it; nil: they stand for
  /// themselves.
  let dictionary: (id: Int64, index: ArrowType)?

  /// The columns of a schema.
  static func all(of schema: FlatTable) throws(ColumnFault) -> [ArrowField] {
    guard try schema.number(0, Int16.self) == 0 else {
      throw .unsupported("the numbers are big-endian", remedy: "write the file on a little-endian machine")
    }
    var left = countLimit
    return try fields(schema.tables(1), areMembers: true, depth: 1, left: &left)
  }

  private static func fields(
    _ tables: [FlatTable], areMembers: Bool, depth: Int, left: inout Int
  ) throws(ColumnFault) -> [ArrowField] {
    guard depth <= depthLimit || tables.isEmpty else { throw .damaged("columns nest deeper than \(depthLimit)") }
    left -= tables.count
    guard left >= 0 else { throw .damaged("the schema has more than \(countLimit) columns") }
    var fields: [ArrowField] = []
    var names: Set<[UInt8]> = []
    for table in tables {
      let type = try ArrowType(try table.number(2, UInt8.self), try table.table(3))
      let children = try Self.fields(
        table.tables(5), areMembers: type == .structure, depth: depth + 1, left: &left)
      let field = ArrowField(
        name: try table.text(0), type: type, children: children, dictionary: try dictionary(table))
      left -= field.name.utf8.count / 64
      let count: Int? =
        switch field.type {
        case .list, .fixedList, .map: 1
        case .structure, .unread: nil
        default: 0
        }
      guard count == nil || count == field.children.count else {
        throw .damaged("the column \"\(excerpt(field.name))\" has \(field.children.count) parts")
      }
      guard !areMembers || names.insert(Array(field.name.utf8)).inserted else {
        throw .unsupported("two columns are named \"\(excerpt(field.name))\"", remedy: "rename one of them")
      }
      fields.append(field)
    }
    return fields
  }

  private static func dictionary(_ table: FlatTable) throws(ColumnFault) -> (id: Int64, index: ArrowType)? {
    guard let encoding = try table.table(4) else { return nil }
    // Indices are signed integers of 4 bytes unless the file says otherwise.
    let index = try encoding.table(1).map { table throws(ColumnFault) in try ArrowType.integer(table) }
    return (try encoding.number(0, Int64.self), index ?? .integer(bytes: 4, isSigned: true))
  }

  /// The first part that cannot be read: its path and the words for it; nil where there is none.
  func unread(path: String = "") -> (path: String, what: String)? {
    let path = path + name
    switch type {
    case .unread(let what, _): return (path, what)
    case .map:
      guard let entry = children.first, entry.type == .structure, entry.dictionary == nil, entry.children.count == 2,
        case .text = entry.children[0].type
      else { return (path, "a map whose keys are no texts") }
      return entry.children[1].unread(path: path + ".")
    default:
      for child in children {
        if let found = child.unread(path: path + ".") { return found }
      }
      return nil
    }
  }

  /// The field and all its parts, parts of parts included.
  var parts: [ArrowField] { [self] + children.flatMap(\.parts) }
}
