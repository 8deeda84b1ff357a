/// Typed access to the members of a config.json; a member of another type is an error that names key and byte.
struct ConfigurationFields {
  let path: String
  let object: CheckpointJSONObject
  /// What stands before a key in messages, such as `rope_scaling.`.
  private let prefix: String

  init(path: String, object: CheckpointJSONObject, prefix: String = "") {
    self.path = path
    self.object = object
    self.prefix = prefix
  }

  /// Whether the key stands in the file, be it null.
  func isPresent(_ key: String) -> Bool { object[key] != nil }

  /// Whether the key is absent or null.
  func isNull(_ key: String) -> Bool { value(key) == nil }

  func integer(_ key: String) throws(FileError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let integer = value.integer else { throw mismatch(key, value, "an integer") }
    return integer
  }

  func number(_ key: String) throws(FileError) -> Double? {
    guard let value = value(key) else { return nil }
    switch value.content {
    case .integer(let integer): return Double(integer)
    case .number(let number): return number
    default: throw mismatch(key, value, "a number")
    }
  }

  func bool(_ key: String) throws(FileError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard case .bool(let bool) = value.content else { throw mismatch(key, value, "true or false") }
    return bool
  }

  func string(_ key: String) throws(FileError) -> String? {
    guard let value = value(key) else { return nil }
    guard let string = value.string else { throw mismatch(key, value, "a string") }
    return string
  }

  func section(_ key: String) throws(FileError) -> ConfigurationFields? {
    guard let value = value(key) else { return nil }
    guard let object = value.object else { throw mismatch(key, value, "an object") }
    return ConfigurationFields(path: path, object: object, prefix: prefix + key + ".")
  }

  /// One id or a list of ids; negative ones, which stand for "none", are left out.
  func tokenIDs(_ key: String) throws(FileError) -> [Int] {
    guard let value = value(key) else { return [] }
    guard let ids = value.integer.map({ [$0] }) ?? value.integers else {
      throw mismatch(key, value, "an integer or a list of integers")
    }
    return ids.filter { $0 >= 0 }
  }

  func required<T>(_ key: String, _ value: T?) throws(FileError) -> T {
    guard let value else {
      throw .invalid(path, "\(prefix)\(key) is missing", remedy: "add it")
    }
    return value
  }

  func unsupported(_ key: String, _ what: String, remedy: String) -> FileError {
    .unsupported(path, at: object[key]?.byteOffset, "\(prefix)\(key) \(what), which is not supported", remedy: remedy)
  }

  private func value(_ key: String) -> CheckpointJSON? {
    guard let value = object[key], value.content != .null else { return nil }
    return value
  }

  private func mismatch(_ key: String, _ value: CheckpointJSON, _ expected: String) -> FileError {
    .invalid(
      path, at: value.byteOffset, "\(prefix)\(key) is \(value.kindName), where \(expected) was expected",
      remedy: "correct the key")
  }
}
