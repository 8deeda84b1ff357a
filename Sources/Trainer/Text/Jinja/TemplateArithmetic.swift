import Foundation

/// Operators on two values, by Python's rules; an integer result beyond 64 bits is refused.
struct TemplateArithmetic {
  let budget: TemplateBudget

  func apply(
    _ symbol: String, _ left: TemplateValue, _ right: TemplateValue
  ) throws(TemplateFault) -> TemplateValue {
    switch (symbol, left, right) {
    case ("~", _, _):
      // Without Jinja's autoescape, '~' joins the plain texts.
      return .string(try joined(try left.printed(budget).markup(false), try right.printed(budget).markup(false)))
    case ("+", .string(let a), .string(let b)): return .string(try joined(a, b))
    case ("+", .list(let a), .list(let b)):
      try budget.spend(copies: a.count + b.count)
      return .list(a + b)
    case ("+", .tuple, .tuple), ("+", .tuple, .group), ("+", .group, .tuple), ("+", .group, .group):
      let parts = (left.elements ?? []) + (right.elements ?? [])
      try budget.spend(copies: parts.count)
      return .tuple(parts)
    case ("*", .list(let items), _) where right.asInteger != nil:
      return .list(try repeated(items, right.asInteger ?? 0))
    case ("*", _, .list(let items)) where left.asInteger != nil:
      return .list(try repeated(items, left.asInteger ?? 0))
    case ("*", .tuple(let items), _) where right.asInteger != nil:
      return .tuple(try repeated(items, right.asInteger ?? 0))
    case ("*", _, .tuple(let items)) where left.asInteger != nil:
      return .tuple(try repeated(items, left.asInteger ?? 0))
    case ("%", .string(let format), _): return .string(try TemplatePercentFormat.apply(format, to: right, budget))
    case ("*", .string(let text), _) where right.asInteger != nil,
      ("*", _, .string(let text)) where left.asInteger != nil:
      let times = max(left.asInteger ?? right.asInteger ?? 0, 0)
      let part = try budget.plain(text)
      try budget.spend(bytes: text.byteCount, times: times)
      return .string(text.derived(String(repeating: part, count: times)))
    default: break
    }
    if symbol != "/", let a = left.asInteger, let b = right.asInteger, symbol != "**" || b >= 0 {
      return .integer(try Self.integers(symbol, a, b))
    }
    guard let a = left.asDouble, let b = right.asDouble else {
      throw TemplateFault(
        "'\(symbol)' between \(left.kindName) and \(right.kindName): to join text with other values, use ~")
    }
    return .number(try Self.numbers(symbol, a, b))
  }

  /// The operand of a sign.
  static func negated(_ value: TemplateValue) throws(TemplateFault) -> TemplateValue {
    if case .number(let number) = value { return .number(-number) }
    guard let number = value.asInteger else { throw TemplateFault("'-' before \(value.kindName)") }
    return .integer(try integers("-", 0, number))
  }

  private func repeated(_ items: [TemplateValue], _ count: Int) throws(TemplateFault) -> [TemplateValue] {
    let times = max(count, 0)
    try budget.spend(bytes: max(items.count, 1) * MemoryLayout<TemplateValue>.stride, times: times)
    return Array(repeatElement(items, count: times).joined())
  }

  private func joined(_ first: TemplateText, _ second: TemplateText) throws(TemplateFault) -> TemplateText {
    if first.isMarkup != second.isMarkup { return try joined(first.escaped(budget), second.escaped(budget)) }
    try budget.spend(first)
    try budget.spend(second)
    var joined = first
    joined.append(second)
    return joined
  }

  private static func integers(_ symbol: String, _ a: Int, _ b: Int) throws(TemplateFault) -> Int {
    let result: (partialValue: Int, overflow: Bool)
    switch symbol {
    case "+": result = a.addingReportingOverflow(b)
    case "-": result = a.subtractingReportingOverflow(b)
    case "*": result = a.multipliedReportingOverflow(by: b)
    case "//", "%":
      guard b != 0 else { throw TemplateFault("a division by 0") }
      let quotient = a.dividedReportingOverflow(by: b)
      let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
      // Python rounds down, and gives the remainder the divisor's sign.
      let isBetween = remainder != 0 && (remainder < 0) != (b < 0)
      result =
        symbol == "//"
        ? (quotient.partialValue - (isBetween ? 1 : 0), quotient.overflow)
        : (isBetween ? remainder + b : remainder, false)
    case "**":
      guard let power = integerPower(a, b) else { throw TemplateFault("\(a) ** \(b) does not fit 64 bits") }
      result = (power, false)
    default: throw TemplateFault("the operator '\(symbol)' is not supported")
    }
    guard !result.overflow else { throw TemplateFault("\(a) \(symbol) \(b) does not fit 64 bits") }
    return result.partialValue
  }

  private static func numbers(_ symbol: String, _ a: Double, _ b: Double) throws(TemplateFault) -> Double {
    if ["/", "//", "%"].contains(symbol), b == 0 { throw TemplateFault("a division by 0") }
    switch symbol {
    case "+": return a + b
    case "-": return a - b
    case "*": return a * b
    case "/": return a / b
    case "//": return ((a - remainder(a, b)) / b).rounded()
    case "%": return remainder(a, b)
    case "**":
      let power = pow(a, b)
      guard power.isFinite || !a.isFinite || !b.isFinite else {
        throw TemplateFault("\(a) ** \(b) is no number that 64 bits hold")
      }
      return power
    default: throw TemplateFault("the operator '\(symbol)' is not supported")
    }
  }

  /// Python's remainder, which has the divisor's sign.
  private static func remainder(_ a: Double, _ b: Double) -> Double {
    let remainder = fmod(a, b)
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
  }

  /// A power; nil beyond 64 bits.
  private static func integerPower(_ base: Int, _ exponent: Int) -> Int? {
    if base == 0 || base == 1 { return exponent == 0 ? 1 : base }
    if base == -1 { return exponent.isMultiple(of: 2) ? 1 : -1 }
    guard exponent < 64 else { return nil }
    var result = 1
    for _ in 0..<exponent {
      let (product, overflows) = result.multipliedReportingOverflow(by: base)
      guard !overflows else { return nil }
      result = product
    }
    return result
  }
}
