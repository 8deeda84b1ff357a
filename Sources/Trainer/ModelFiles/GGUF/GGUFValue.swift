/// The types of metadata values, numbered as in the format.
enum GGUFValueType: UInt32, Sendable {
  case uint8 = 0, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// The fewest bytes that a value of this type takes.
  var minimumSize: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64, .string: 8
    case .array: 12
    }
  }
}

/// A metadata value.
enum GGUFValue: Sendable, Equatable {
  case unsigned(UInt64)
  case signed(Int64)
  case float32(Float)
  case float64(Double)
  case bool(Bool)
  case string(String)
  case array(GGUFArray)
}

/// An array that stays in the file until it is asked for: vocabularies are large, and most readers want a part.
struct GGUFArray: Sendable, Equatable {
  /// Type of each element.
  let elementType: GGUFValueType
  /// Number of elements.
  let count: Int
  /// Place of the first element, in bytes from the start of the file.
  let byteOffset: Int
}

extension GGUFValue {
  /// Arrays of arrays are legal; the limit keeps a hostile file from exhausting the stack.
  private static let maximumDepth = 8

  /// Reads a value with its type before it.
  static func read(_ cursor: inout GGUFCursor) throws(FileError) -> GGUFValue {
    try read(valueType(&cursor), &cursor, depth: 0)
  }

  /// Reads a value of a known type.
  static func read(
    _ type: GGUFValueType, _ cursor: inout GGUFCursor, depth: Int = 0
  ) throws(FileError) -> GGUFValue {
    switch type {
    case .uint8: return .unsigned(UInt64(try cursor.integer(UInt8.self)))
    case .uint16: return .unsigned(UInt64(try cursor.integer(UInt16.self)))
    case .uint32: return .unsigned(UInt64(try cursor.integer(UInt32.self)))
    case .uint64: return .unsigned(try cursor.integer(UInt64.self))
    case .int8: return .signed(Int64(try cursor.integer(Int8.self)))
    case .int16: return .signed(Int64(try cursor.integer(Int16.self)))
    case .int32: return .signed(Int64(try cursor.integer(Int32.self)))
    case .int64: return .signed(try cursor.integer(Int64.self))
    case .float32: return .float32(Float(bitPattern: try cursor.integer(UInt32.self)))
    case .float64: return .float64(Double(bitPattern: try cursor.integer(UInt64.self)))
    case .bool: return .bool(try cursor.integer(UInt8.self) != 0)
    case .string: return .string(try cursor.string())
    case .array: return .array(try skipArray(&cursor, depth: depth))
    }
  }

  private static func valueType(_ cursor: inout GGUFCursor) throws(FileError) -> GGUFValueType {
    let start = cursor.position
    let number = try cursor.integer(UInt32.self)
    guard let type = GGUFValueType(rawValue: number) else {
      throw .invalid(cursor.path, at: start, "\(number) is no type of metadata value")
    }
    return type
  }

  /// Steps over an array; its elements are checked on the way.
  private static func skipArray(_ cursor: inout GGUFCursor, depth: Int) throws(FileError) -> GGUFArray {
    guard depth < maximumDepth else { throw cursor.failure("arrays are nested deeper than \(maximumDepth)") }
    let type = try valueType(&cursor)
    let count = try cursor.count(of: "elements of an array", minimumSize: type.minimumSize)
    let array = GGUFArray(elementType: type, count: count, byteOffset: cursor.position)
    switch type {
    case .string:
      for _ in 0..<count { try cursor.skip(cursor.count(of: "bytes of a string", minimumSize: 1)) }
    case .array:
      for _ in 0..<count { _ = try skipArray(&cursor, depth: depth + 1) }
    default:
      // `count` times the size is at most the rest of the file: checked above.
      try cursor.skip(count * type.minimumSize)
    }
    return array
  }
}
