/// Decodes ids one by one, as they are generated, and never hands out a part of a character.
///
/// The texts from `append` and `finish`, joined, are the text of all the bytes; where every character is whole it
/// equals `decode` of all the ids.
package struct StreamingDecoder: Sendable {
  private let tokenizer: any Tokenizer
  private let skipSpecial: Bool
  private var atStart = true
  /// Bytes of a character that is not complete yet.
  private var pending: [UInt8] = []

  /// A decoder at the start of a text.
  package init(_ tokenizer: any Tokenizer, skipSpecial: Bool = true) {
    self.tokenizer = tokenizer
    self.skipSpecial = skipSpecial
  }

  /// The text that becomes complete with one more id; often empty.
  package mutating func append(_ id: Int32) -> String {
    if skipSpecial, tokenizer.isSpecial(id) { return "" }
    var bytes = tokenizer.bytes(of: id)
    if bytes.isEmpty { return "" }
    if atStart, tokenizer.stripsLeadingSpace, bytes.first == 0x20 { bytes.removeFirst() }
    atStart = false
    pending += bytes
    let complete = pending.count - Self.incompleteTail(of: pending)
    defer { pending.removeFirst(complete) }
    return String(decoding: pending[..<complete], as: UTF8.self)
  }

  /// The text that is left when no id follows: a broken character becomes U+FFFD.
  package mutating func finish() -> String {
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  /// Number of bytes at the end that belong to a character which needs more of them.
  private static func incompleteTail(of bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let byte = bytes[bytes.count - length]
      if byte < 0x80 { return 0 }
      if byte < 0xC0 { continue }
      let needed = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : byte < 0xF8 ? 4 : 1
      return needed > length ? length : 0
    }
    return 0
  }
}
