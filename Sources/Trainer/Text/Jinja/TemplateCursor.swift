/// Reads a template's characters, and the tokens of its expressions.
struct TemplateCursor {
  private let scalars: [Unicode.Scalar]
  private var index = 0
  /// Line of the next character, from 1.
  private(set) var line = 1

  init(_ scalars: [Unicode.Scalar]) { self.scalars = scalars }

  var peek: Unicode.Scalar? { peek(0) }

  func peek(_ ahead: Int) -> Unicode.Scalar? { index + ahead < scalars.count ? scalars[index + ahead] : nil }

  /// The character before the next.
  var previous: Unicode.Scalar? { index > 0 ? scalars[index - 1] : nil }

  mutating func advance(_ count: Int = 1) {
    for _ in 0..<count where index < scalars.count {
      if scalars[index] == "\n" { line += 1 }
      index += 1
    }
  }

  /// Length of `{%`, white space and a word from the next character on, with the signs around; nil for anything else.
  func lengthOfTag(_ word: String) -> (beforeEnd: Int, sign: Unicode.Scalar?)? {
    var ahead = 2
    func skipped(_ start: Int) -> Int {
      var place = start
      while let scalar = peek(place), scalar.isPythonSpace { place += 1 }
      return place
    }
    guard peek == "{", peek(1) == "%" else { return nil }
    if peek(ahead) == "-" || peek(ahead) == "+" { ahead += 1 }
    ahead = skipped(ahead)
    for scalar in word.unicodeScalars {
      guard peek(ahead) == scalar else { return nil }
      ahead += 1
    }
    ahead = skipped(ahead)
    let sign = peek(ahead) == "-" || peek(ahead) == "+" ? peek(ahead) : nil
    let end = ahead + (sign == nil ? 0 : 1)
    return peek(end) == "%" && peek(end + 1) == "}" ? (end, sign) : nil
  }

  mutating func skipSpace() {
    while let scalar = peek, scalar.isPythonSpace { advance() }
  }

  /// Reads one token; white space is skipped already.
  mutating func token() throws(TemplateError) -> TemplateToken {
    let start = line
    guard let scalar = peek else { throw TemplateError(line: start, message: "the template ends within an expression") }
    if scalar == "_" || scalar.properties.isAlphabetic {
      return TemplateToken(kind: .name(take { $0 == "_" || $0.properties.isAlphabetic || $0.isDigit }), line: start)
    }
    if scalar.isDigit { return try number() }
    if scalar == "'" || scalar == "\"" { return try string(quote: scalar) }
    for symbol in ["**", "//", "==", "!=", "<=", ">="]
    where scalar == symbol.unicodeScalars.first && peek(1) == symbol.unicodeScalars.last {
      advance(2)
      return TemplateToken(kind: .symbol(symbol), line: start)
    }
    guard "+-*/%~()[]{}.,:|=<>".unicodeScalars.contains(scalar) else {
      throw TemplateError(line: start, message: "the character '\(scalar)' has no meaning in an expression")
    }
    advance()
    return TemplateToken(kind: .symbol(String(scalar)), line: start)
  }

  private mutating func take(while belongs: (Unicode.Scalar) -> Bool) -> String {
    var taken = String.UnicodeScalarView()
    while let scalar = peek, belongs(scalar) {
      taken.append(scalar)
      advance()
    }
    return String(taken)
  }

  private mutating func number() throws(TemplateError) -> TemplateToken {
    let start = line
    if peek == "0", let base = peek(1), "xXoObB".unicodeScalars.contains(base) {
      advance(2)
      let digits = take { $0 == "_" || $0.properties.isASCIIHexDigit }
      guard let value = PythonNumber.integer("0\(base)\(digits)", base: 0) else {
        throw TemplateError(line: start, message: "the number 0\(base)\(digits.prefix(40)) is none that 64 bits hold")
      }
      return TemplateToken(kind: .integer(value), line: start)
    }
    var text = take { $0.isDigit || $0 == "_" }
    var isWhole = true
    if peek == ".", peek(1)?.isDigit == true {
      isWhole = false
      advance()
      text += "." + take { $0.isDigit || $0 == "_" }
    }
    if peek == "e" || peek == "E" {
      let ahead = peek(1) == "+" || peek(1) == "-" ? 2 : 1
      if peek(ahead)?.isDigit == true {
        isWhole = false
        text += "e" + (ahead == 2 && peek(1) == "-" ? "-" : "")
        advance(ahead)
        text += take { $0.isDigit }
      }
    }
    text.removeAll { $0 == "_" }
    if isWhole, let value = Int(text) { return TemplateToken(kind: .integer(value), line: start) }
    guard !isWhole, let value = Double(text) else {
      throw TemplateError(line: start, message: "the number \(text.prefix(40)) is larger than 64 bits hold")
    }
    return TemplateToken(kind: .number(value), line: start)
  }

  private mutating func string(quote: Unicode.Scalar) throws(TemplateError) -> TemplateToken {
    let start = line
    advance()
    var text = String.UnicodeScalarView()
    while let scalar = peek {
      advance()
      if scalar == quote { return TemplateToken(kind: .string(String(text)), line: start) }
      guard scalar == "\\", let escaped = peek else {
        text.append(scalar)
        continue
      }
      advance()
      switch escaped {
      case "n": text.append("\n")
      case "t": text.append("\t")
      case "r": text.append("\r")
      case "b": text.append("\u{8}")
      case "f": text.append("\u{C}")
      case "a": text.append("\u{7}")
      case "v": text.append("\u{B}")
      case "0"..."7": text.append(octal(from: escaped))
      case "\\", "'", "\"": text.append(escaped)
      case "\n": break
      case "x": text.append(try hexadecimal(digits: 2))
      case "u": text.append(try hexadecimal(digits: 4))
      case "U": text.append(try hexadecimal(digits: 8))
      default:
        // Python keeps the backslash of an escape that it does not know.
        text.append("\\")
        text.append(escaped)
      }
    }
    throw TemplateError(line: start, message: "a string is never closed: add \(quote)")
  }

  /// The character of an escape of up to three octal digits.
  private mutating func octal(from first: Unicode.Scalar) -> Unicode.Scalar {
    var value = first.value - 0x30
    var count = 1
    while count < 3, let digit = peek, ("0"..."7").contains(digit) {
      value = value * 8 + digit.value - 0x30
      count += 1
      advance()
    }
    return Unicode.Scalar(value) ?? first
  }

  private mutating func hexadecimal(digits: Int) throws(TemplateError) -> Unicode.Scalar {
    var text = ""
    while text.count < digits, let scalar = peek, scalar.properties.isASCIIHexDigit {
      text.unicodeScalars.append(scalar)
      advance()
    }
    guard text.count == digits, let value = UInt32(text, radix: 16), let scalar = Unicode.Scalar(value) else {
      throw TemplateError(line: line, message: "an escape of \(digits) hexadecimal digits is no character: '\(text)'")
    }
    return scalar
  }
}

extension Unicode.Scalar {
  fileprivate var isDigit: Bool { ("0"..."9").contains(self) }
}
