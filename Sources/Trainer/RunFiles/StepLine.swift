import Foundation

/// The numbers of one line of metrics.jsonl, read in a microsecond: a long run has hundreds of thousands of lines.
///
/// Only what a run writes itself is taken: a flat object of numbers, nulls and plain strings. Anything else is left to
/// the strict parser, which then reads the line or says what is wrong with it.
package struct StepLine: Equatable {
  package var round: Int?
  package var step: Int?
  package var name: String?
  package var loss: Double?
  package var learningRate: Double?
  package var gradientNorm: Double?
  package var tokensPerSecond: Double?
  package var tokens: Int?
  package var bytesToDevice: Int?
  package var bytesFromDevice: Int?

  /// The values of a line that the strict parser read.
  package init(_ line: RecordObject) throws(FileError) {
    round = try line.required("round", try line.integer("round"))
    step = try line.required("step", try line.integer("step"))
    name = try line.text("name")
    loss = try line.number("loss")
    learningRate = try line.number("learning_rate")
    gradientNorm = try line.number("grad_norm")
    tokensPerSecond = try line.number("tokens_per_second")
    tokens = try line.integer("tokens")
    bytesToDevice = try line.integer("bytes_to_device")
    bytesFromDevice = try line.integer("bytes_from_device")
  }

  /// The values of `bytes`, one line without its line break; nil where it takes the strict parser.
  package init?(_ bytes: UnsafeRawBufferPointer) {
    var cursor = Cursor(bytes: bytes)
    guard cursor.take("{") else { return nil }
    var seen: UInt32 = 0
    repeat {
      guard let key = cursor.string(), cursor.take(":") else { return nil }
      let index = Self.fields.firstIndex { $0.name.count == key.count && $0.name.elementsEqual(key) }
      let field = index.map { Self.fields[$0].field }
      if let index {
        // A key that occurs twice is a fault, which the strict parser names.
        guard seen & 1 << UInt32(index) == 0 else { return nil }
        seen |= 1 << UInt32(index)
      }
      if cursor.takeNull() { continue }
      if let text = cursor.string() {
        guard field == .name || field == nil else { return nil }
        if field == .name {
          guard let text = String(validating: text, as: UTF8.self) else { return nil }
          name = text
        }
      } else {
        guard let number = cursor.number(), field != .name else { return nil }
        if let field, !set(field, number) { return nil }
      }
    } while cursor.take(",")
    guard cursor.take("}"), cursor.isAtEnd, round != nil, step != nil else { return nil }
  }

  private enum Field: String, CaseIterable {
    case round, step, name, loss, tokens
    case learningRate = "learning_rate"
    case gradientNorm = "grad_norm"
    case tokensPerSecond = "tokens_per_second"
    case bytesToDevice = "bytes_to_device"
    case bytesFromDevice = "bytes_from_device"
  }

  private static let fields = Field.allCases.map { (name: Array($0.rawValue.utf8), field: $0) }

  /// Takes a field's number; false where a count is none.
  private mutating func set(_ field: Field, _ number: Double) -> Bool {
    func count(_ path: WritableKeyPath<Self, Int?>, _ value: inout Self) -> Bool {
      // Beyond 2⁵³, a Double no longer holds each integer.
      guard number == number.rounded(), abs(number) < 9e15 else { return false }
      value[keyPath: path] = Int(number)
      return true
    }
    switch field {
    case .loss: loss = number
    case .learningRate: learningRate = number
    case .gradientNorm: gradientNorm = number
    case .tokensPerSecond: tokensPerSecond = number
    case .name: return false
    case .round: return count(\.round, &self)
    case .step: return count(\.step, &self)
    case .tokens: return count(\.tokens, &self)
    case .bytesToDevice: return count(\.bytesToDevice, &self)
    case .bytesFromDevice: return count(\.bytesFromDevice, &self)
    }
    return true
  }

  /// A place in the line.
  private struct Cursor {
    let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private mutating func skipSpaces() {
      while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
    }

    var isAtEnd: Bool {
      mutating get {
        skipSpaces()
        return position == bytes.count
      }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      skipSpaces()
      guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
      position += 1
      return true
    }

    /// The bytes between two quotes, where there is neither an escape nor a control character among them.
    mutating func string() -> Slice<UnsafeRawBufferPointer>? {
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

    mutating func takeNull() -> Bool {
      skipSpaces()
      guard position + 4 <= bytes.count, bytes[position..<position + 4].elementsEqual("null".utf8) else { return false }
      position += 4
      return true
    }

    /// A number as JSON writes it: no leading zero, plus or point.
    mutating func number() -> Double? {
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
}
