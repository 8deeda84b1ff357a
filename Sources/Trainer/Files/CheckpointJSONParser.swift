/// A strict JSON parser (RFC 8259) over bytes in memory.
///
/// Refused: duplicate keys, bytes that are not UTF-8, NaN and Infinity, nesting deeper than ``maximumDepth`` and
/// anything after the value but white space.
package struct CheckpointJSONParser {
  /// A checkpoint's JSON nests three or four deep; the limit keeps a hostile file from exhausting the stack.
  private static let maximumDepth = 64

  private let path: String
  private let bytes: UnsafeRawBufferPointer
  private let base: Int
  private var position = 0

  private init(path: String, bytes: UnsafeRawBufferPointer, base: Int) {
    self.path = path
    self.bytes = bytes
    self.base = base
  }

  /// Parses all of `bytes`, which stand in the file `path` from byte `base` on.
  package static func parse(
    _ bytes: UnsafeRawBufferPointer, path: String, base: Int = 0
  ) throws(FileError) -> CheckpointJSON {
    var parser = CheckpointJSONParser(path: path, bytes: bytes, base: base)
    let value = try parser.value(depth: 0)
    parser.skipWhiteSpace()
    guard parser.position == bytes.count else { throw parser.failure("unexpected text after the JSON value") }
    return value
  }

  /// Parses the file at `path`, whose value must be an object.
  package static func object(path: String) throws(FileError) -> CheckpointJSONObject {
    let file = try MappedFile(path: path)
    // Without this the mapping could end after its last mention, before the bytes are read.
    let value = try withExtendedLifetime(file) { () throws(FileError) in try parse(file.bytes, path: path) }
    guard let object = value.object else {
      throw .invalid(path, at: value.byteOffset, "a JSON object was expected, found \(value.kindName)")
    }
    return object
  }

  private func failure(_ problem: String) -> FileError {
    .invalid(path, at: base + position, "JSON: " + problem)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipWhiteSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func value(depth: Int) throws(FileError) -> CheckpointJSON {
    guard depth < Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth)") }
    skipWhiteSpace()
    let start = base + position
    guard let byte = next else { throw failure("the text ends where a value was expected") }
    let content: CheckpointJSON.Content
    switch byte {
    case UInt8(ascii: "{"): content = .object(try object(depth: depth))
    case UInt8(ascii: "["): content = .array(try array(depth: depth))
    case UInt8(ascii: "\""): content = .string(try string())
    case UInt8(ascii: "t"): content = try literal("true", .bool(true))
    case UInt8(ascii: "f"): content = try literal("false", .bool(false))
    case UInt8(ascii: "n"): content = try literal("null", .null)
    default: content = try number()
    }
    return CheckpointJSON(content: content, byteOffset: start)
  }

  private mutating func literal(
    _ text: StaticString, _ content: CheckpointJSON.Content
  ) throws(FileError) -> CheckpointJSON.Content {
    for index in 0..<text.utf8CodeUnitCount {
      guard next == text.utf8Start[index] else { throw failure("\(text) was expected") }
      position += 1
    }
    return content
  }

  private mutating func object(depth: Int) throws(FileError) -> CheckpointJSONObject {
    var object = CheckpointJSONObject()
    position += 1
    skipWhiteSpace()
    if next == UInt8(ascii: "}") {
      position += 1
      return object
    }
    while true {
      skipWhiteSpace()
      let keyPosition = position
      guard next == UInt8(ascii: "\"") else { throw failure("a key was expected") }
      let key = try string()
      skipWhiteSpace()
      guard next == UInt8(ascii: ":") else { throw failure("':' was expected after the key \"\(key)\"") }
      position += 1
      let member = try value(depth: depth + 1)
      guard object.insert(member, for: key) else {
        position = keyPosition
        throw failure("the key \"\(key)\" occurs twice")
      }
      skipWhiteSpace()
      if try endsOrContinues(UInt8(ascii: "}")) { return object }
    }
  }

  private mutating func array(depth: Int) throws(FileError) -> [CheckpointJSON] {
    var elements: [CheckpointJSON] = []
    position += 1
    skipWhiteSpace()
    if next == UInt8(ascii: "]") {
      position += 1
      return elements
    }
    while true {
      elements.append(try value(depth: depth + 1))
      skipWhiteSpace()
      if try endsOrContinues(UInt8(ascii: "]")) { return elements }
    }
  }

  /// True after the closing byte, false after a comma.
  private mutating func endsOrContinues(_ end: UInt8) throws(FileError) -> Bool {
    guard let byte = next, byte == end || byte == UInt8(ascii: ",") else {
      throw failure("',' or '\(Character(UnicodeScalar(end)))' was expected")
    }
    position += 1
    return byte == end
  }

  private mutating func string() throws(FileError) -> String {
    var scanner = CheckpointJSONText(bytes: bytes, position: position + 1)
    let text = scanner.string()
    position = scanner.position
    guard let text else { throw failure(scanner.problem) }
    return text
  }

  private mutating func number() throws(FileError) -> CheckpointJSON.Content {
    var scanner = CheckpointJSONText(bytes: bytes, position: position)
    let content = scanner.number()
    position = scanner.position
    guard let content else { throw failure(scanner.problem) }
    return content
  }
}
