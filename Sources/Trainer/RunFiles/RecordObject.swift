/// An object in a run's JSON file, read member by member.
///
/// A member that is absent or null is nil: older runs, and runs under way, lack some. A member of another kind than
/// asked for is an error that names the file and the byte.
package struct RecordObject {
  package let path: String
  package let members: JSONObject

  /// What the user can do about a damaged file of a run.
  package static let remedy = "restore the file, or go on with the run (train RECIPE --resume), which writes it again"

  package init(_ value: JSON, path: String) throws(FileError) {
    guard let object = value.object else { throw Self.failure(path, value, "an object was expected") }
    self.path = path
    members = object
  }

  /// The object that a whole file holds; nil where there is no such file.
  package init?(file path: String) throws(FileError) {
    do {
      members = try JSONParser.object(path: path)
    } catch {
      if error.kind == .notFound { return nil }
      throw Self.withRemedy(error)
    }
    self.path = path
  }

  package func number(_ key: String) throws(FileError) -> Double? {
    guard let value = present(key) else { return nil }
    guard let number = value.finiteNumber else { throw failure(key, value, "a number") }
    return number
  }

  package func integer(_ key: String) throws(FileError) -> Int? {
    guard let value = present(key) else { return nil }
    guard let integer = value.integer else { throw failure(key, value, "an integer") }
    return integer
  }

  package func text(_ key: String) throws(FileError) -> String? {
    guard let value = present(key) else { return nil }
    guard let text = value.string else { throw failure(key, value, "a string") }
    return text
  }

  package func flag(_ key: String) throws(FileError) -> Bool? {
    guard let value = present(key) else { return nil }
    guard case .bool(let flag) = value.content else { throw failure(key, value, "true or false") }
    return flag
  }

  package func object(_ key: String) throws(FileError) -> RecordObject? {
    guard let value = present(key) else { return nil }
    return try RecordObject(value, path: path)
  }

  package func list(_ key: String) throws(FileError) -> [JSON]? {
    guard let value = present(key) else { return nil }
    guard let list = value.array else { throw failure(key, value, "a list") }
    return list
  }

  /// A list of numbers, null where one is missing.
  package func numbers(_ key: String) throws(FileError) -> [Double?]? {
    guard let list = try list(key) else { return nil }
    return try Self.numbers(list, key: key, path: path)
  }

  /// Rows of numbers, each of `columns`; null where one is missing.
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

  /// The value of `key`; nil where it is absent or null.
  package func present(_ key: String) -> JSON? {
    guard let value = members[key], value.content != .null else { return nil }
    return value
  }

  /// The value of a key that every version wrote.
  package func required<Value>(_ key: String, _ value: Value?) throws(FileError) -> Value {
    guard let value else {
      throw FileError(.invalid, path: path, "the key \"\(key)\" is missing", remedy: Self.remedy)
    }
    return value
  }

  /// The same error with a remedy that fits a run's file.
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
  /// The number, if it is one that a figure can show.
  package var finiteNumber: Double? {
    switch content {
    case .integer(let value): Double(value)
    case .number(let value): value.isFinite ? value : nil
    default: nil
    }
  }

  /// The value in one line, as a table shows it.
  package var shortText: String {
    switch content {
    case .null: "null"
    case .bool, .integer, .number: kindName
    case .string(let text): text
    case .array(let elements): "[" + elements.map(\.shortText).joined(separator: ", ") + "]"
    case .object(let object):
      "{" + object.members.map { "\($0.key): \($0.value.shortText)" }.joined(separator: ", ") + "}"
    }
  }
}
