import Foundation

/// Scanner of one line that is a flat JSON object of numbers, nulls and strings without escapes.
///
/// It makes no value but the numbers, so that it is many times faster than the parser of any JSON.
struct PlainLine {
  /// Value of one key.
  enum Value {
    case null
    case number(Double)
    /// Bytes between the quotes, which may not be UTF-8.
    case text(Slice<UnsafeRawBufferPointer>)
  }

  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Calls `member` with the bytes of each key and its value, in order, as long as it returns true.
  ///
  /// - Returns: true where the line is such an object and `member` took every key.
  static func scan(
    _ bytes: UnsafeRawBufferPointer, member: (Slice<UnsafeRawBufferPointer>, Value) -> Bool
  ) -> Bool {
    var line = PlainLine(bytes)
    guard line.take("{") else { return false }
    repeat {
      guard let key = line.string(), line.take(":"), let value = line.value(), member(key, value) else { return false }
    } while line.take(",")
    guard line.take("}") else { return false }
    line.skipSpaces()
    return line.position == bytes.count
  }

  private mutating func value() -> Value? {
    if takeNull() { return .null }
    if let text = string() { return .text(text) }
    return number().map { .number($0) }
  }

  private mutating func skipSpaces() {
    while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
    position += 1
    return true
  }

  /// Bytes between two quotes; nil where an escape or a control character is among them.
  private mutating func string() -> Slice<UnsafeRawBufferPointer>? {
    skipSpaces()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
    var end = position + 1
    while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
      guard bytes[end] != UInt8(ascii: "\\"), bytes[end] >= 0x20 else { return nil }
      end += 1
    }
    guard end < bytes.count else { return nil }
    defer { position = end + 1 }
    return bytes[position + 1..<end]
  }

  private mutating func takeNull() -> Bool {
    skipSpaces()
    guard position + 4 <= bytes.count, bytes[position..<position + 4].elementsEqual("null".utf8) else { return false }
    position += 4
    return true
  }

  /// Number as JSON writes it: no leading zero, plus or point.
  private mutating func number() -> Double? {
    skipSpaces()
    let start = position
    func byte(_ offset: Int) -> UInt8 { start + offset < bytes.count ? bytes[start + offset] : 0 }
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let sign = byte(0) == UInt8(ascii: "-") ? 1 : 0
    guard digits.contains(byte(sign)), byte(sign) != UInt8(ascii: "0") || !digits.contains(byte(sign + 1)) else {
      return nil
    }
    while position < bytes.count, digits.contains(bytes[position]) || "+-.eE".utf8.contains(bytes[position]) {
      position += 1
    }
    // What follows the number in the line is where strtod stops; JSON has no number that ends with a point.
    guard position < bytes.count, bytes[position - 1] != UInt8(ascii: "."), let base = bytes.baseAddress else {
      return nil
    }
    let text = (base + start).assumingMemoryBound(to: CChar.self)
    var end: UnsafeMutablePointer<CChar>?
    let value = strtod(text, &end)
    guard let end, UnsafePointer(end) == text + (position - start), value.isFinite else { return nil }
    return value
  }
}
