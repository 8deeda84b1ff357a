import Foundation

/// Spells the metadata of a GGUF file: pairs of key, type and value, little-endian.
struct GGUFMetadataEncoder {
  /// Pairs so far.
  private(set) var count = 0
  /// Their bytes.
  private(set) var data = Data()

  mutating func set(_ key: String, _ value: UInt32) {
    begin(key, .uint32)
    data.append(littleEndian: value)
  }

  mutating func set(_ key: String, _ value: Float) {
    begin(key, .float32)
    data.append(littleEndian: value.bitPattern)
  }

  mutating func set(_ key: String, _ value: Bool) {
    begin(key, .bool)
    data.append(value ? 1 : 0)
  }

  mutating func set(_ key: String, _ value: String) {
    begin(key, .string)
    data.append(gguf: value)
  }

  mutating func set(_ key: String, _ values: [String]) {
    beginArray(key, .string, count: values.count)
    for value in values { data.append(gguf: value) }
  }

  mutating func set(_ key: String, _ values: [Float]) {
    beginArray(key, .float32, count: values.count)
    for value in values { data.append(littleEndian: value.bitPattern) }
  }

  mutating func set(_ key: String, _ values: [Int32]) {
    beginArray(key, .int32, count: values.count)
    for value in values { data.append(littleEndian: value) }
  }

  mutating func set(_ key: String, _ values: [Bool]) {
    beginArray(key, .bool, count: values.count)
    for value in values { data.append(value ? 1 : 0) }
  }

  private mutating func begin(_ key: String, _ type: GGUFValueType) {
    count += 1
    data.append(gguf: key)
    data.append(littleEndian: type.rawValue)
  }

  private mutating func beginArray(_ key: String, _ type: GGUFValueType, count: Int) {
    begin(key, .array)
    data.append(littleEndian: type.rawValue)
    data.append(littleEndian: UInt64(count))
  }
}

extension Data {
  /// Appends an integer's bytes, the lowest first.
  mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  /// Appends a string as GGUF has it: a length of eight bytes, then UTF-8.
  mutating func append(gguf text: String) {
    append(littleEndian: UInt64(text.utf8.count))
    append(contentsOf: text.utf8)
  }
}
