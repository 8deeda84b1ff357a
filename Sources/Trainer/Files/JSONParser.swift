/// Reads JSON (RFC 8259) from bytes in memory; an error names the byte.
///
/// One reader for all files, as strict as the strictest of them asks. It refuses duplicate keys, bytes that are not
/// UTF-8, halves of surrogate pairs, NaN and Infinity, numbers in other spellings than RFC 8259's (`+1`, `01`, `1.`), a
/// byte-order mark, nesting deeper than ``maximumDepth``, and anything after the value but white space.
package struct JSONParser {
  /// Most values around a value. Model files nest less than ten deep; a hostile one could exhaust the stack.
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
  ) throws(FileError) -> JSON {
    var parser = JSONParser(path: path, bytes: bytes, base: base)
    let value = try parser.value(depth: 0)
    parser.skipWhiteSpace()
    guard parser.position == bytes.count else { throw parser.failure("unexpected text after the JSON value") }
    return value
  }

  /// Parses the file at `path`, whose value must be an object.
  package static func object(path: String) throws(FileError) -> JSONObject {
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

  // MARK: - Values

  private mutating func value(depth: Int) throws(FileError) -> JSON {
    guard depth < Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth)") }
    skipWhiteSpace()
    let start = base + position
    guard let byte = next else { throw failure("the text ends where a value was expected") }
    let content: JSON.Content
    switch byte {
    case UInt8(ascii: "{"): content = .object(try object(depth: depth))
    case UInt8(ascii: "["): content = .array(try array(depth: depth))
    case UInt8(ascii: "\""): content = .string(try string())
    case UInt8(ascii: "t"): content = try literal("true", .bool(true))
    case UInt8(ascii: "f"): content = try literal("false", .bool(false))
    case UInt8(ascii: "n"): content = try literal("null", .null)
    default: content = try number()
    }
    return JSON(content, byteOffset: start)
  }

  private mutating func literal(_ text: StaticString, _ content: JSON.Content) throws(FileError) -> JSON.Content {
    for index in 0..<text.utf8CodeUnitCount {
      guard next == text.utf8Start[index] else { throw failure("\(text) was expected") }
      position += 1
    }
    return content
  }

  private mutating func object(depth: Int) throws(FileError) -> JSONObject {
    var object = JSONObject()
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
      if try endsOrContinues(UInt8(ascii: "}")) { return object }
    }
  }

  private mutating func array(depth: Int) throws(FileError) -> [JSON] {
    var elements: [JSON] = []
    position += 1
    skipWhiteSpace()
    if next == UInt8(ascii: "]") {
      position += 1
      return elements
    }
    while true {
      elements.append(try value(depth: depth + 1))
      if try endsOrContinues(UInt8(ascii: "]")) { return elements }
    }
  }

  /// Passes the closing byte and returns true, or a comma and returns false.
  private mutating func endsOrContinues(_ end: UInt8) throws(FileError) -> Bool {
    skipWhiteSpace()
    guard let byte = next, byte == end || byte == UInt8(ascii: ",") else {
      throw failure("',' or '\(Character(UnicodeScalar(end)))' was expected")
    }
    position += 1
    return byte == end
  }

  // MARK: - Strings

  private mutating func string() throws(FileError) -> String {
    position += 1
    let start = position
    while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
    let plain = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    // Most strings hold no escape and are taken in one piece.
    if next == UInt8(ascii: "\"") { return try text(plain, from: start) }
    var unescaped = Array(plain)
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""): return try text(unescaped, from: start)
      case UInt8(ascii: "\\"):
        position += 1
        unescaped.append(contentsOf: UTF8.encode(try escape()) ?? .init())
      case 0..<0x20: throw failure("a control character (\(byte)) stands in a string")
      default:
        unescaped.append(byte)
        position += 1
      }
    }
    throw failure("the text ends inside a string")
  }

  /// Passes the closing quote of a string that began at `start`.
  private mutating func text(_ utf8: some Sequence<UInt8>, from start: Int) throws(FileError) -> String {
    guard let text = String(validating: utf8, as: UTF8.self) else {
      position = start
      throw failure("a string is not UTF-8")
    }
    position += 1
    return text
  }

  /// The character of an escape whose backslash was passed.
  private mutating func escape() throws(FileError) -> Unicode.Scalar {
    guard let byte = next else { throw failure("the text ends inside an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw failure("an escape that JSON does not know")
    }
  }

  private mutating func unicodeEscape() throws(FileError) -> Unicode.Scalar {
    let high = try hexadecimal()
    if let scalar = Unicode.Scalar(high) { return scalar }
    // Characters beyond 16 bits come as a pair of escapes: a high surrogate, then a low one.
    for expected in "\\u".utf8 {
      guard high < 0xDC00, next == expected else { throw failure("half of a surrogate pair") }
      position += 1
    }
    let low = try hexadecimal()
    guard (0xDC00..<0xE000).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else { throw failure("half of a surrogate pair") }
    return scalar
  }

  private mutating func hexadecimal() throws(FileError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
        throw failure("four hexadecimal digits were expected")
      }
      value = value << 4 + UInt32(digit)
      position += 1
    }
    return value
  }

  // MARK: - Numbers

  private mutating func number() throws(FileError) -> JSON.Content {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    let leadsWithZero = next == UInt8(ascii: "0")
    let integerDigits = skipDigits()
    guard integerDigits > 0 else { throw failure("a value was expected") }
    guard !leadsWithZero || integerDigits == 1 else { throw failure("a number starts with a superfluous zero") }
    var isInteger = true
    if next == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      guard skipDigits() > 0 else { throw failure("a digit was expected after the decimal point") }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      guard skipDigits() > 0 else { throw failure("a digit was expected in the exponent") }
    }
    let text = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw failure("the number \(text) is out of range") }
    return .number(value)
  }

  /// Passes digits and returns how many they were.
  private mutating func skipDigits() -> Int {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }
}
