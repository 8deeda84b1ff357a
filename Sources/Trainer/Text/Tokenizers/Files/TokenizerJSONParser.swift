import Foundation

/// Reads RFC 8259 JSON into `TokenizerJSON`.
package struct TokenizerJSONParser {
  /// Nesting beyond this is refused, so that a hostile file cannot exhaust the stack.
  package static let greatestDepth = 64

  private let bytes: [UInt8]
  private let path: String
  private var position = 0

  private init(bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  /// Parses a whole document.
  /// - Parameter path: named in errors only.
  package static func parse(_ bytes: [UInt8], path: String) throws(TokenizerError) -> TokenizerJSON {
    var parser = TokenizerJSONParser(bytes: bytes, path: path)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { parser.position = 3 }
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.position == bytes.count else { throw parser.error("text after the end of the document") }
    return value
  }

  private func error(_ problem: String) -> TokenizerError {
    .malformed(path: path, place: "byte \(position)", problem: problem)
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
  }

  private mutating func value(depth: Int) throws(TokenizerError) -> TokenizerJSON {
    guard depth < Self.greatestDepth else { throw error("more than \(Self.greatestDepth) nested values") }
    skipSpace()
    switch current {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw error("the document ends where a value is due")
    default: return try number()
    }
  }

  private mutating func word(_ word: String, _ value: TokenizerJSON) throws(TokenizerError) -> TokenizerJSON {
    guard bytes[position...].starts(with: word.utf8) else { throw error("\(word) is misspelled") }
    position += word.utf8.count
    return value
  }

  private mutating func number() throws(TokenizerError) -> TokenizerJSON {
    let start = position
    while let byte = current, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
    // Longer numbers do exist (model_max_length is 1e30 written out), but not by much.
    guard position - start <= 400, let number = Double(String(decoding: bytes[start..<position], as: UTF8.self)),
      number.isFinite
    else {
      position = start
      throw error("no JSON value begins here")
    }
    return .number(number)
  }

  private mutating func array(depth: Int) throws(TokenizerError) -> TokenizerJSON {
    position += 1
    var elements: [TokenizerJSON] = []
    skipSpace()
    if current == UInt8(ascii: "]") {
      position += 1
      return .array([])
    }
    while true {
      elements.append(try value(depth: depth + 1))
      if try endsList(with: UInt8(ascii: "]")) { return .array(elements) }
    }
  }

  private mutating func object(depth: Int) throws(TokenizerError) -> TokenizerJSON {
    position += 1
    var members: [TokenizerJSON.Member] = []
    skipSpace()
    if current == UInt8(ascii: "}") {
      position += 1
      return .object([])
    }
    while true {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw error("a key in double quotes is due") }
      let key = try string()
      skipSpace()
      guard current == UInt8(ascii: ":") else { throw error("a colon is due after a key") }
      position += 1
      members.append(.init(key, try value(depth: depth + 1)))
      if try endsList(with: UInt8(ascii: "}")) { return .object(members) }
    }
  }

  /// Passes a comma (false) or the closing bracket (true).
  private mutating func endsList(with closing: UInt8) throws(TokenizerError) -> Bool {
    skipSpace()
    guard let byte = current, byte == closing || byte == UInt8(ascii: ",") else {
      throw error("a comma or a closing bracket is due")
    }
    position += 1
    return byte == closing
  }

  private mutating func string() throws(TokenizerError) -> String {
    position += 1
    let start = position
    while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
    // Most strings hold no escape and are taken in one piece.
    if current == UInt8(ascii: "\"") {
      defer { position += 1 }
      return try text(bytes[start..<position])
    }
    var unescaped = Array(bytes[start..<position])
    while let byte = current {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return try text(unescaped[...])
      case UInt8(ascii: "\\"): try escape(into: &unescaped)
      case 0..<0x20: throw error("a control character stands bare in a string")
      default: unescaped.append(byte)
      }
    }
    throw error("the document ends inside a string")
  }

  private func text(_ slice: ArraySlice<UInt8>) throws(TokenizerError) -> String {
    guard let text = String(validating: slice, as: UTF8.self) else { throw error("a string is not UTF-8") }
    return text
  }

  private mutating func escape(into unescaped: inout [UInt8]) throws(TokenizerError) {
    guard let byte = current else { throw error("the document ends inside an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
    case UInt8(ascii: "b"): unescaped.append(0x08)
    case UInt8(ascii: "f"): unescaped.append(0x0C)
    case UInt8(ascii: "n"): unescaped.append(0x0A)
    case UInt8(ascii: "r"): unescaped.append(0x0D)
    case UInt8(ascii: "t"): unescaped.append(0x09)
    case UInt8(ascii: "u"):
      var value = UInt32(try hexUnit())
      if (0xD800..<0xDC00).contains(value), bytes[position...].starts(with: "\\u".utf8) {
        position += 2
        let low = UInt32(try hexUnit())
        guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(value) else { throw error("half a surrogate pair") }
      unescaped.append(contentsOf: UTF8.encode(scalar) ?? .init())
    default: throw error("unknown escape")
    }
  }

  private mutating func hexUnit() throws(TokenizerError) -> UInt16 {
    guard bytes.count - position >= 4,
      let unit = UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16),
      bytes[position] != UInt8(ascii: "+")
    else { throw error("four hexadecimal digits are due after \\u") }
    position += 4
    return unit
  }
}
