/// The two lexemes of JSON that need work: strings with their escapes, and numbers.
struct CheckpointJSONText {
  let bytes: UnsafeRawBufferPointer
  var position: Int
  /// What was wrong, once a method has returned nil; `position` then tells where.
  private(set) var problem = ""

  init(bytes: UnsafeRawBufferPointer, position: Int) {
    self.bytes = bytes
    self.position = position
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func fail<T>(_ message: String) -> T? {
    problem = message
    return nil
  }

  /// The text up to the closing quote; `position` stands behind the opening one.
  mutating func string() -> String? {
    let start = position
    var text: [UInt8] = []
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard let result = String(validating: text, as: UTF8.self) else {
          position = start
          return fail("a string is not UTF-8")
        }
        return result
      case UInt8(ascii: "\\"):
        position += 1
        guard let scalar = escape() else { return nil }
        text.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
      case 0..<0x20:
        return fail("a control character (\(byte)) stands in a string")
      default:
        text.append(byte)
        position += 1
      }
    }
    return fail("the text ends inside a string")
  }

  /// The scalar of an escape; `position` stands behind the backslash.
  private mutating func escape() -> Unicode.Scalar? {
    guard let byte = next else { return fail("the text ends inside an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return unicodeEscape()
    default: return fail("an escape that JSON does not know")
    }
  }

  private mutating func unicodeEscape() -> Unicode.Scalar? {
    guard let high = hexadecimal() else { return nil }
    guard (0xD800..<0xE000).contains(high) else { return Unicode.Scalar(high) }
    // Scalars beyond 16 bits come as a pair of escapes: a high surrogate, then a low one.
    guard high < 0xDC00, next == UInt8(ascii: "\\") else { return fail("half of a surrogate pair") }
    position += 1
    guard next == UInt8(ascii: "u") else { return fail("half of a surrogate pair") }
    position += 1
    guard let low = hexadecimal() else { return nil }
    guard (0xDC00..<0xE000).contains(low) else { return fail("half of a surrogate pair") }
    return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
  }

  private mutating func hexadecimal() -> UInt32? {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
        return fail("four hexadecimal digits were expected")
      }
      value = value << 4 + UInt32(digit)
      position += 1
    }
    return value
  }

  /// An integer where the text has neither fraction nor exponent and fits in 64 bits; else a float.
  mutating func number() -> CheckpointJSON.Content? {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    let leadsWithZero = next == UInt8(ascii: "0")
    let integerDigits = digits()
    guard integerDigits > 0 else { return fail("a value was expected") }
    guard !leadsWithZero || integerDigits == 1 else { return fail("a number starts with a superfluous zero") }
    var isInteger = true
    if next == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      guard digits() > 0 else { return fail("a digit was expected after the decimal point") }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      guard digits() > 0 else { return fail("a digit was expected in the exponent") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { return fail("the number \(text) is out of range") }
    return .number(value)
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }
}
