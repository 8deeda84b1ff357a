/// JSON object in a file of a run, read key by key.
///
/// The value of a key that is absent or null is nil: older runs, and runs under way, lack some. A value of another kind
/// than asked for is an error that names the file and the byte.
package struct RecordObject {
  /// Path of the file, with `:LINE` where the object is a line.
  package let path: String
  package let members: JSONObject

  /// Advice for the user where a file of a run is damaged.
  package static let remedy = "restore the file, or go on with the run (train RECIPE --resume), which writes it again"

  /// Takes a parsed value.
  ///
  /// - Throws: `FileError` (`invalid`) where it is no object.
  package init(_ value: JSON, path: String) throws(FileError) {
    guard let object = value.object else { throw Self.failure(path, value, "an object was expected") }
    self.path = path
    members = object
  }

  /// Reads a file that is one object; nil where there is no such file.
  package init?(file path: String) throws(FileError) {
    do {
      members = try JSONParser.object(path: path)
    } catch {
      if error.kind == .notFound { return nil }
      throw Self.withRemedy(error)
    }
    self.path = path
  }

  /// Value of `key`; nil where it is absent or null.
  package subscript<Value: RecordValue>(_ key: String) -> Value? {
    get throws(FileError) {
      guard let value = present(key) else { return nil }
      guard let read = Value(record: value) else { throw failure(key, value, Value.recordKind) }
      return read
    }
  }

  /// Value of a key that every release wrote.
  package func required<Value: RecordValue>(_ key: String) throws(FileError) -> Value {
    try required(key, try self[key])
  }

  /// Returns `value`, which was read of `key`; throws where it is nil.
  package func required<Value>(_ key: String, _ value: Value?) throws(FileError) -> Value {
    guard let value else {
      throw FileError(.invalid, path: path, "the key \"\(key)\" is missing", remedy: Self.remedy)
    }
    return value
  }

  /// Object of `key`.
  package func object(_ key: String) throws(FileError) -> RecordObject? {
    guard let value = present(key) else { return nil }
    return try RecordObject(value, path: path)
  }

  /// List of values of `key`, of any kinds.
  package func list(_ key: String) throws(FileError) -> [JSON]? {
    guard let value = present(key) else { return nil }
    guard let list = value.array else { throw failure(key, value, "a list") }
    return list
  }

  /// List of objects of `key`.
  package func objects(_ key: String) throws(FileError) -> [RecordObject]? {
    try list(key)?.map { value throws(FileError) in try RecordObject(value, path: path) }
  }

  /// List of numbers of `key`, nil where one is null.
  package func numbers(_ key: String) throws(FileError) -> [Double?]? {
    guard let list = try list(key) else { return nil }
    return try Self.numbers(list, key: key, path: path)
  }

  /// Rows of numbers of `key`, each of `columns`; nil where one is null.
  package func matrix(_ key: String, columns: Int) throws(FileError) -> [[Double?]]? {
    guard let list = try list(key) else { return nil }
    var rows: [[Double?]] = []
    for row in list {
      guard let cells = row.array, cells.count == columns else {
        throw Self.failure(path, row, "each row of \"\(key)\" has \(columns) numbers or nulls")
      }
      rows.append(try Self.numbers(cells, key: key, path: path))
    }
    return rows
  }

  /// Parsed value of `key`, of any kind; nil where it is absent or null.
  package func present(_ key: String) -> JSON? {
    guard let value = members[key], value.content != .null else { return nil }
    return value
  }

  /// The same error, with the remedy for a file of a run where the file is damaged.
  package static func withRemedy(_ error: FileError) -> FileError {
    guard error.kind == .invalid else { return error }
    return FileError(.invalid, path: error.path, byteOffset: error.byteOffset, error.problem, remedy: remedy)
  }

  private static func numbers(
    _ list: [JSON], key: String, path: String
  ) throws(FileError) -> [Double?] {
    var numbers: [Double?] = []
    for value in list {
      if value.content != .null, value.finiteNumber == nil {
        throw failure(path, value, "\"\(key)\" holds numbers and nulls")
      }
      numbers.append(value.finiteNumber)
    }
    return numbers
  }

  private func failure(_ key: String, _ value: JSON, _ expected: String) -> FileError {
    Self.failure(path, value, "\(expected) was expected for \"\(key)\"")
  }

  private static func failure(_ path: String, _ value: JSON, _ expected: String) -> FileError {
    .invalid(path, at: value.byteOffset, "\(expected), found \(value.kindName)", remedy: remedy)
  }
}

extension JSON {
  /// Number as a Double; nil where the value is no number, or not finite.
  package var finiteNumber: Double? {
    switch content {
    case .integer(let value): Double(value)
    case .number(let value): value.isFinite ? value : nil
    default: nil
    }
  }
}

/// Type that the value of a key in a record can have.
package protocol RecordValue {
  /// Kind of JSON value in the words of an error.
  static var recordKind: String { get }

  /// Takes a parsed value; nil where it is of another kind.
  init?(record value: JSON)
}

extension Double: RecordValue {
  package static var recordKind: String { "a number" }

  package init?(record value: JSON) {
    guard let number = value.finiteNumber else { return nil }
    self = number
  }
}

extension Int: RecordValue {
  package static var recordKind: String { "an integer" }

  package init?(record value: JSON) {
    guard let integer = value.integer else { return nil }
    self = integer
  }
}

extension String: RecordValue {
  package static var recordKind: String { "a string" }

  package init?(record value: JSON) {
    guard let text = value.string else { return nil }
    self = text
  }
}

extension Bool: RecordValue {
  package static var recordKind: String { "true or false" }

  package init?(record value: JSON) {
    guard case .bool(let flag) = value.content else { return nil }
    self = flag
  }
}
