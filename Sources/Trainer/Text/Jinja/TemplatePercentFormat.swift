/// Python's `format % values`.
///
/// Text of the format stays apart from text of the values, so that a message's content stays marked.
struct TemplatePercentFormat {
  private let budget: TemplateBudget
  /// Values in order; a mapping's are named instead.
  private let values: [TemplateValue]
  private let mapping: TemplateDictionary?
  /// True where values may be left over: a mapping or a list, as in Python.
  private let mayLeave: Bool
  private var used = 0
  private var result = TemplateText()

  /// The format with its values put in.
  static func apply(
    _ format: TemplateText, to values: TemplateValue, _ budget: TemplateBudget
  ) throws(TemplateFault) -> TemplateText {
    guard !format.isMarkup else {
      throw TemplateFault("'%' on text marked safe is not supported: leave out 'safe'")
    }
    var formatter = TemplatePercentFormat(values, budget)
    try formatter.run(format)
    return formatter.result
  }

  private init(_ value: TemplateValue, _ budget: TemplateBudget) {
    self.budget = budget
    if case .dictionary(let dictionary) = value { mapping = dictionary } else { mapping = nil }
    switch value {
    case .tuple, .group: (values, mayLeave) = (value.elements ?? [], false)
    case .list, .dictionary: (values, mayLeave) = ([value], true)
    default: (values, mayLeave) = ([value], false)
    }
  }

  private mutating func run(_ format: TemplateText) throws(TemplateFault) {
    var rest = try budget.plain(format)[...].unicodeScalars
    var literal = ""
    while let scalar = rest.popFirst() {
      guard scalar == "%" else {
        literal.unicodeScalars.append(scalar)
        continue
      }
      if rest.first == "%" {
        rest.removeFirst()
        literal += "%"
        continue
      }
      result.append(format.derived(literal))
      literal = ""
      let text = try conversion(&rest)
      try budget.spend(text)
      result.append(text)
    }
    result.append(format.derived(literal))
    guard used >= values.count || mayLeave else { throw TemplateFault("'%' has more values than its format takes") }
  }

  private mutating func next() throws(TemplateFault) -> TemplateValue {
    guard used < values.count else { throw TemplateFault("'%' has fewer values than its format takes") }
    used += 1
    return values[used - 1]
  }

  /// Number in a conversion: digits, or `*` for the next value.
  private mutating func number(_ rest: inout Substring.UnicodeScalarView) throws(TemplateFault) -> Int? {
    guard rest.first == "*" else { return try TemplateFormatSpec.number(&rest) }
    rest.removeFirst()
    guard let value = try next().asInteger, value.magnitude < 1 << 40 else {
      throw TemplateFault("'*' in a format takes a whole number")
    }
    return value
  }

  /// Reads what follows a `%`, and writes its value.
  private mutating func conversion(_ rest: inout Substring.UnicodeScalarView) throws(TemplateFault) -> TemplateText {
    var named: TemplateValue?
    if rest.first == "(" {
      guard let mapping else { throw TemplateFault("'%(…)' needs a mapping") }
      let name = String(rest.dropFirst().prefix { $0 != ")" })
      rest = rest.dropFirst(name.unicodeScalars.count + 2)
      guard let value = try mapping.value(of: name, budget) else {
        throw TemplateFault("'%' finds no '\(name)' in its mapping")
      }
      named = value
    }
    var spec = TemplateFormatSpec()
    var flags = Set<Unicode.Scalar>()
    while let flag = rest.first, "#0- +".unicodeScalars.contains(flag) {
      flags.insert(flag)
      rest.removeFirst()
    }
    if var width = try number(&rest) {
      if width < 0 {
        flags.insert("-")
        width = -width
      }
      spec.width = width
    }
    if rest.first == "." {
      rest.removeFirst()
      spec.precision = max(try number(&rest) ?? 0, 0)
    }
    if let length = rest.first, "hlL".unicodeScalars.contains(length) { rest.removeFirst() }
    guard let type = rest.popFirst() else { throw TemplateFault("a format ends within its last conversion") }
    spec.sign = flags.contains("+") ? "+" : flags.contains(" ") ? " " : "-"
    spec.isAlternate = flags.contains("#")
    let value: TemplateValue
    if let named { value = named } else { value = try next() }
    return try write(value, type, spec, flags)
  }

  private func write(
    _ value: TemplateValue, _ type: Unicode.Scalar, _ spec: TemplateFormatSpec, _ flags: Set<Unicode.Scalar>
  ) throws(TemplateFault) -> TemplateText {
    var spec = spec
    let isLeft = flags.contains("-")
    switch type {
    case "s", "r", "a":
      let text: TemplateText
      switch type {
      case "s": text = try value.printed(budget)
      case "r": text = try value.representation(budget)
      default: text = try value.asciiRepresentation(budget)
      }
      (spec.sign, spec.isAlternate, spec.alignment) = ("-", false, isLeft ? "<" : ">")
      return try spec.apply(to: .string(text.markup(false)), budget)
    case "c":
      if case .string(let text) = value, text.plain.unicodeScalars.count == 1 {
        (spec.sign, spec.alignment) = ("-", isLeft ? "<" : ">")
        return try spec.apply(to: value, budget)
      }
      guard let code = value.asInteger, let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) else {
        throw TemplateFault("'%c' takes one character")
      }
      spec.alignment = isLeft ? "<" : ">"
      spec.sign = "-"
      return try spec.apply(to: .text(String(scalar)), budget)
    case "d", "i", "u", "x", "X", "o":
      guard let number = value.asInteger ?? value.truncated,
        !("xXo".unicodeScalars.contains(type) && value.asInteger == nil)
      else { throw TemplateFault("'%\(type)' takes a number, not \(value.kindName)") }
      if let digits = spec.precision {
        // The precision of a whole number is its least count of digits.
        try budget.spend(bytes: digits)
        var inner = TemplateFormatSpec()
        (inner.width, inner.fill, inner.alignment) = (digits + (number < 0 || spec.sign != "-" ? 1 : 0), "0", "=")
        (inner.type, inner.sign) = (type, spec.sign)
        let text = try inner.apply(to: .integer(number), budget)
        (spec.precision, spec.sign, spec.type) = (nil, "-", nil)
        guard !spec.isAlternate else { throw TemplateFault("'%#.\(digits)\(type)' is not supported") }
        spec.alignment = isLeft ? "<" : ">"
        return try spec.apply(to: .string(text), budget)
      }
      spec.type = type
      return try spec.padded(isLeft: isLeft, withZeros: flags.contains("0")).apply(to: .integer(number), budget)
    case "e", "E", "f", "F", "g", "G":
      guard let number = value.asDouble else { throw TemplateFault("'%\(type)' takes a number, not \(value.kindName)") }
      spec.type = type
      return try spec.padded(isLeft: isLeft, withZeros: flags.contains("0")).apply(to: .number(number), budget)
    default: throw TemplateFault("the conversion '%\(type)' is not supported")
    }
  }
}

extension TemplateFormatSpec {
  fileprivate func padded(isLeft: Bool, withZeros: Bool) -> TemplateFormatSpec {
    var spec = self
    if isLeft {
      spec.alignment = "<"
    } else if withZeros {
      (spec.fill, spec.alignment) = ("0", "=")
    }
    return spec
  }
}

extension TemplateValue {
  /// The whole part of a floating-point number, where 64 bits hold it.
  var truncated: Int? {
    guard case .number(let number) = self else { return nil }
    return Int(exactly: number.rounded(.towardZero))
  }

  /// Python's `ascii` of the value.
  func asciiRepresentation(_ budget: TemplateBudget) throws(TemplateFault) -> TemplateText {
    let text = try representation(budget)
    let plain = try budget.plain(text)
    try budget.spend(bytes: plain.utf8.count, times: 5)
    return text.derived(
      plain.unicodeScalars.reduce(into: "") { $0 += $1.isASCII ? String($1) : PythonString.escaped($1) })
  }
}
