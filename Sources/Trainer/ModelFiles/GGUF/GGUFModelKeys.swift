/// The metadata keys of a model, which begin with its architecture: `qwen3.block_count`.
struct GGUFModelKeys {
  let metadata: GGUFMetadata
  private let architecture: String

  init(_ metadata: GGUFMetadata, architecture: String) {
    (self.metadata, self.architecture) = (metadata, architecture)
  }

  /// The path of the file, for messages.
  var path: String { metadata.path }

  /// The whole key, as it stands in the file.
  func name(_ key: String) -> String { "\(architecture).\(key)" }

  /// An integer; nil where the key is absent.
  func integer(_ key: String) throws(FileError) -> Int? { try metadata.integer(name(key)) }

  /// An integer, or the one that all elements of an array agree on.
  func uniformInteger(_ key: String) throws(FileError) -> Int? { try metadata.uniformInteger(name(key)) }

  /// A number; nil where the key is absent.
  func number(_ key: String) throws(FileError) -> Double? { try metadata.number(name(key)) }

  /// A factor; nil where the key is absent or 0, which is how exports write "none".
  func factor(_ key: String) throws(FileError) -> Double? {
    guard let value = try number(key), value != 0 else { return nil }
    return value
  }

  /// True or false; nil where the key is absent.
  func bool(_ key: String) throws(FileError) -> Bool? { try metadata.bool(name(key)) }

  /// An array of truth values; nil where the key is absent or no array.
  func bools(_ key: String) throws(FileError) -> [Bool]? { try metadata.bools(name(key)) }

  /// A string; nil where the key is absent.
  func string(_ key: String) throws(FileError) -> String? { try metadata.string(name(key)) }

  /// The value of a key that must not be absent.
  func required<T>(_ key: String, _ value: T?) throws(FileError) -> T {
    guard let value else {
      throw .invalid(path, "the metadata key \(name(key)) is missing", remedy: "export the model again")
    }
    return value
  }

  /// The refusal of a key's value.
  func unsupported(_ key: String, _ what: some CustomStringConvertible, remedy: String) -> FileError {
    .unsupported(path, "\(name(key)) is \(what)", remedy: remedy)
  }
}
