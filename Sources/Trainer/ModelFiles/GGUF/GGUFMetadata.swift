/// The metadata of a GGUF file, with typed access; a value of another type is an error that names its key.
package struct GGUFMetadata {
  private let file: MappedFile
  private var values: [String: GGUFValue] = [:]

  /// The path of the file, for messages.
  package var path: String { file.path }

  /// Reads `count` pairs of key and value of `file` at the cursor.
  init(_ cursor: inout GGUFCursor, count: Int, of file: MappedFile) throws(FileError) {
    self.file = file
    for _ in 0..<count {
      let start = cursor.position
      let key = try cursor.string()
      let value = try GGUFValue.read(&cursor)
      guard values.updateValue(value, forKey: key) == nil else {
        throw .invalid(file.path, at: start, "the metadata key \(key) occurs twice")
      }
    }
  }

  /// An integer; nil where the key is absent.
  package func integer(_ key: String) throws(FileError) -> Int? {
    guard let value = values[key] else { return nil }
    guard let integer = Self.integer(value) else { throw mismatch(key, "an integer") }
    return integer
  }

  /// An integer, or the one that all elements of an array agree on: some exports repeat it for each block.
  package func uniformInteger(_ key: String) throws(FileError) -> Int? {
    guard case .array = values[key] else { return try integer(key) }
    let all = try integers(key) ?? []
    guard let first = all.first else { throw mismatch(key, "an integer") }
    guard all.allSatisfy({ $0 == first }) else {
      throw .unsupported(
        path, "the metadata key \(key) differs from block to block", remedy: "give a model whose blocks are alike")
    }
    return first
  }

  /// A float, the shortest decimal that stands for the stored single: 1e-05 rather than 9.999999747378752e-06.
  package func number(_ key: String) throws(FileError) -> Double? {
    guard let value = values[key] else { return nil }
    switch value {
    case .float32(let single): return Double("\(single)") ?? Double(single)
    case .float64(let double): return double
    default:
      guard let integer = Self.integer(value) else { throw mismatch(key, "a number") }
      return Double(integer)
    }
  }

  /// True or false; nil where the key is absent.
  package func bool(_ key: String) throws(FileError) -> Bool? {
    guard let value = values[key] else { return nil }
    guard case .bool(let bool) = value else { throw mismatch(key, "true or false") }
    return bool
  }

  /// A string; nil where the key is absent.
  package func string(_ key: String) throws(FileError) -> String? {
    guard let value = values[key] else { return nil }
    guard case .string(let string) = value else { throw mismatch(key, "a string") }
    return string
  }

  /// An array of integers; nil where the key is absent.
  package func integers(_ key: String) throws(FileError) -> [Int]? {
    try elements(key, "integers") { Self.integer($0) }
  }

  /// An array of floats; nil where the key is absent.
  package func floats(_ key: String) throws(FileError) -> [Float]? {
    try elements(key, "floats") { if case .float32(let float) = $0 { float } else { nil } }
  }

  /// An array of truth values; nil where the key is absent or no array.
  package func bools(_ key: String) throws(FileError) -> [Bool]? {
    guard case .array = values[key] else { return nil }
    return try elements(key, "truth values") { if case .bool(let bool) = $0 { bool } else { nil } }
  }

  /// An array of strings; nil where the key is absent.
  package func strings(_ key: String) throws(FileError) -> [String]? {
    try elements(key, "strings") { if case .string(let string) = $0 { string } else { nil } }
  }

  private func elements<T>(
    _ key: String, _ kind: String, _ convert: (GGUFValue) -> T?
  ) throws(FileError) -> [T]? {
    guard let value = values[key] else { return nil }
    guard case .array(let array) = value, array.elementType != .array else {
      throw mismatch(key, "an array of \(kind)")
    }
    var cursor = GGUFCursor(file.bytes, path: path, position: array.byteOffset)
    var result: [T] = []
    result.reserveCapacity(array.count)
    for _ in 0..<array.count {
      guard let element = convert(try GGUFValue.read(array.elementType, &cursor)) else {
        throw mismatch(key, "an array of \(kind)")
      }
      result.append(element)
    }
    return result
  }

  private static func integer(_ value: GGUFValue) -> Int? {
    switch value {
    case .unsigned(let number): Int(exactly: number)
    case .signed(let number): Int(exactly: number)
    default: nil
    }
  }

  private func mismatch(_ key: String, _ expected: String) -> FileError {
    .invalid(path, "the metadata key \(key) is not \(expected)", remedy: "export the model again")
  }
}
