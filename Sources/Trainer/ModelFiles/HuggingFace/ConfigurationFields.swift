/// Typed access to the members of a config.json; a member of another type is an error that names key and byte.
struct ConfigurationFields {
  /// The file's path, for messages.
  let path: String
  /// The members that are read.
  let object: JSONObject
  /// The keys around a section, such as `rope_scaling.`, which stand before its keys in messages.
  private let prefix: String

  /// The members of a file, or of a section of one.
  init(path: String, object: JSONObject, prefix: String = "") {
    self.path = path
    self.object = object
    self.prefix = prefix
  }

  /// True where the key stands in the file, be it null.
  func isPresent(_ key: String) -> Bool { object[key] != nil }

  /// A key's value as a message shows it.
  func shown(_ key: String) -> String { object[key]?.kindName ?? "absent" }

  /// True where the key means nothing: absent, null, false, 1, or a list of nothing but 1 or full attention.
  func isNeutral(_ key: String) -> Bool {
    guard let value = value(key) else { return true }
    if value.bool == false || value.number == 1 { return true }
    return value.array.map { $0.allSatisfy { $0.number == 1 || $0.string == "full_attention" } } ?? false
  }

  /// True where the key is absent or null.
  func isNull(_ key: String) -> Bool { value(key) == nil }

  /// An integer; nil where the key is absent or null.
  func integer(_ key: String) throws(FileError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let integer = value.integer else { throw mismatch(key, value, "an integer") }
    return integer
  }

  /// A number, be it an integer or not; nil where the key is absent or null.
  func number(_ key: String) throws(FileError) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.number else { throw mismatch(key, value, "a number") }
    return number
  }

  /// A truth value; nil where the key is absent or null.
  func bool(_ key: String) throws(FileError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let bool = value.bool else { throw mismatch(key, value, "true or false") }
    return bool
  }

  /// A string; nil where the key is absent or null.
  func string(_ key: String) throws(FileError) -> String? {
    guard let value = value(key) else { return nil }
    guard let string = value.string else { throw mismatch(key, value, "a string") }
    return string
  }

  /// The members of an object within this one; nil where the key is absent or null.
  func section(_ key: String) throws(FileError) -> ConfigurationFields? {
    guard let value = value(key) else { return nil }
    guard let object = value.object else { throw mismatch(key, value, "an object") }
    return ConfigurationFields(path: path, object: object, prefix: prefix + key + ".")
  }

  /// A list of numbers; nil where the key is absent or null.
  func numbers(_ key: String) throws(FileError) -> [Double]? { try list(key, "numbers", \.number) }

  /// A list of integers; nil where the key is absent or null.
  func integers(_ key: String) throws(FileError) -> [Int]? { try list(key, "integers", \.integer) }

  /// A list of strings; nil where the key is absent or null.
  func strings(_ key: String) throws(FileError) -> [String]? { try list(key, "strings", \.string) }

  private func list<T>(_ key: String, _ kind: String, _ element: (JSON) -> T?) throws(FileError) -> [T]? {
    guard let value = value(key) else { return nil }
    guard let array = value.array else { throw mismatch(key, value, "a list of \(kind)") }
    let elements = array.compactMap(element)
    guard elements.count == array.count else { throw mismatch(key, value, "a list of \(kind)") }
    return elements
  }

  /// One id or a list of ids; negative ones, which stand for "none", are left out.
  func tokenIDs(_ key: String) throws(FileError) -> [Int] {
    guard let value = value(key) else { return [] }
    if let id = value.integer { return id >= 0 ? [id] : [] }
    guard let ids = value.integers else { throw mismatch(key, value, "an integer or a list of integers") }
    return ids.filter { $0 >= 0 }
  }

  /// The value of a key that must not be absent.
  func required<T>(_ key: String, _ value: T?) throws(FileError) -> T {
    guard let value else {
      throw .invalid(path, "\(prefix)\(key) is missing", remedy: "add it")
    }
    return value
  }

  /// The refusal of a key's value, at the byte where the value stands.
  func unsupported(_ key: String, _ what: String, remedy: String) -> FileError {
    .unsupported(path, at: object[key]?.byteOffset, "\(prefix)\(key) \(what), which is not supported", remedy: remedy)
  }

  private func value(_ key: String) -> JSON? {
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  private func mismatch(_ key: String, _ value: JSON, _ expected: String) -> FileError {
    .invalid(
      path, at: value.byteOffset, "\(prefix)\(key) is \(value.kindName), where \(expected) was expected",
      remedy: "correct the key")
  }
}
