/// Python's format specification: `[[fill]align][sign][#][0][width][,][.precision][type]`, as `str.format` reads it;
/// the operator `%` fills one in from its own notation.
struct TemplateFormatSpec {
  /// Character that fills the width.
  var fill: Unicode.Scalar = " "
  /// `<`, `>`, `^` or `=` (the filling stands between sign and digits); nil: by the value's kind.
  var alignment: Unicode.Scalar?
  /// `+`, `-` or a blank: the sign of numbers that are not negative.
  var sign: Unicode.Scalar = "-"
  /// True for `#`: a prefix before other bases, a point in each float.
  var isAlternate = false
  /// Least count of characters.
  var width = 0
  /// `,` or `_` between groups of digits.
  var grouping: Unicode.Scalar?
  /// Digits of a number, or most characters of a text; nil: the type's own.
  var precision: Int?
  /// Letter of the type; nil: by the value's kind.
  var type: Unicode.Scalar?

  /// A specification that asks for nothing.
  init() {}

  /// Reads a specification.
  init(_ text: String) throws(TemplateFault) {
    var rest = text.unicodeScalars[...]
    func isAlignment(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { "<>^=".unicodeScalars.contains($0) } ?? false }
    func take(_ wanted: String) -> Unicode.Scalar? {
      guard let first = rest.first, wanted.unicodeScalars.contains(first) else { return nil }
      rest.removeFirst()
      return first
    }
    if isAlignment(rest.dropFirst().first), let first = rest.popFirst() {
      fill = first
      alignment = rest.popFirst()
    } else if isAlignment(rest.first) {
      alignment = rest.popFirst()
    }
    sign = take("+- ") ?? "-"
    isAlternate = take("#") != nil
    if take("0") != nil, alignment == nil { (fill, alignment) = ("0", "=") }
    width = try Self.number(&rest) ?? 0
    grouping = take(",_")
    if take(".") != nil {
      guard let digits = try Self.number(&rest) else { throw TemplateFault("the format '\(text)' lacks a precision") }
      precision = digits
    }
    type = rest.popFirst()
    guard rest.isEmpty else { throw TemplateFault("the format '\(text)' is not one that Python knows") }
  }

  /// Takes the digits of a number; nil where there are none.
  static func number(_ rest: inout Substring.UnicodeScalarView) throws(TemplateFault) -> Int? {
    let digits = rest.prefix { ("0"..."9").contains($0) }
    guard !digits.isEmpty else { return nil }
    rest = rest.dropFirst(digits.count)
    guard let value = Int(String(digits)), value < 1 << 40 else {
      throw TemplateFault("a format's number is too large")
    }
    return value
  }

  // MARK: - Values

  /// A value in this format.
  func apply(to value: TemplateValue, _ budget: TemplateBudget) throws(TemplateFault) -> TemplateText {
    try budget.spend(bytes: precision ?? 0)
    switch value {
    case .string(let text): return try apply(to: text, budget)
    case .integer(let number): return try padded(try integer(number), isNegative: number < 0, budget)
    case .boolean(let truth):
      guard type != nil || width > 0 else { return TemplateText(truth ? "True" : "False") }
      return try padded(try integer(truth ? 1 : 0), isNegative: false, budget)
    case .number(let number):
      return try padded(try float(number), isNegative: number.sign == .minus && !number.isNaN, budget)
    default: throw TemplateFault("\(value.kindName) has no format")
    }
  }

  private func apply(to text: TemplateText, _ budget: TemplateBudget) throws(TemplateFault) -> TemplateText {
    guard type == nil || type == "s", sign == "-", !isAlternate, grouping == nil, alignment != "=" || fill == "0" else {
      throw TemplateFault("a string has no format of that kind")
    }
    var shown = text
    if let precision {
      shown = text.derived(String(String.UnicodeScalarView(try budget.plain(text).unicodeScalars.prefix(precision))))
    }
    let (left, right) = try filling(
      beside: try budget.plain(shown).unicodeScalars.count, alignment == "=" ? "<" : alignment ?? "<", budget)
    var padded = TemplateText(left)
    padded.append(shown)
    padded.append(TemplateText(right))
    return padded
  }

  /// The filling to the left and right of a text.
  private func filling(
    beside count: Int, _ alignment: Unicode.Scalar, _ budget: TemplateBudget
  ) throws(TemplateFault) -> (left: String, right: String) {
    let missing = max(width - count, 0)
    try budget.spend(bytes: 4, times: missing)
    let left = alignment == "<" ? 0 : alignment == "^" ? missing / 2 : missing
    let fill = String(fill)
    return (String(repeating: fill, count: left), String(repeating: fill, count: missing - left))
  }

  private func padded(
    _ number: (prefix: String, digits: String), isNegative: Bool, _ budget: TemplateBudget
  ) throws(TemplateFault) -> TemplateText {
    let sign = isNegative ? "-" : self.sign == "-" ? "" : String(self.sign)
    let digits = try grouped(number.digits)
    let alignment = alignment ?? ">"
    guard grouping == nil || alignment != "=" else {
      throw TemplateFault("a format that fills with zeros between groups of digits is not supported")
    }
    let head = sign + number.prefix
    let (left, right) = try filling(beside: head.utf8.count + digits.utf8.count, alignment, budget)
    return TemplateText(alignment == "=" ? head + left + digits : left + head + digits + right)
  }

  private func grouped(_ digits: String) throws(TemplateFault) -> String {
    guard let grouping else { return digits }
    let whole = digits.prefix { $0.isNumber }
    var result = ""
    for (index, digit) in whole.enumerated() {
      if index > 0, (whole.count - index).isMultiple(of: 3) { result.unicodeScalars.append(grouping) }
      result.append(digit)
    }
    return result + digits.dropFirst(whole.count)
  }

  /// The magnitude of an integer.
  private func integer(_ value: Int) throws(TemplateFault) -> (prefix: String, digits: String) {
    let type = type ?? "d"
    let radixes: [Unicode.Scalar: Int] = ["d": 10, "i": 10, "u": 10, "n": 10, "x": 16, "X": 16, "o": 8, "b": 2]
    if let radix = radixes[type] {
      guard precision == nil, grouping == nil || radix == 10 else {
        throw TemplateFault("a whole number has no format of that kind")
      }
      let digits = String(value.magnitude, radix: radix, uppercase: type == "X")
      return (isAlternate && radix != 10 ? "0\(type)" : "", digits)
    }
    if type == "c", let code = UInt32(exactly: value), let scalar = Unicode.Scalar(code) { return ("", String(scalar)) }
    return try float(Double(value))
  }

  private func float(_ value: Double) throws(TemplateFault) -> (prefix: String, digits: String) {
    guard let type else {
      if let precision { return ("", PythonNumber.general(value, precision: precision)) }
      return ("", PythonNumber.shown(value.magnitude))
    }
    if type == "%" {
      return ("", PythonNumber.digits(value * 100, type: "f", precision: precision ?? 6, keepsPoint: isAlternate) + "%")
    }
    guard "eEfFgG".unicodeScalars.contains(type) else {
      throw TemplateFault("the format '\(type)' is not one for numbers")
    }
    return ("", PythonNumber.digits(value, type: type, precision: precision ?? 6, keepsPoint: isAlternate))
  }
}
