import Foundation

/// Operators on two values, by Python's rules; an integer result beyond 64 bits is refused.
struct TemplateArithmetic {
  let budget: TemplateBudget

  func apply(
    _ symbol: String, _ left: TemplateValue, _ right: TemplateValue
  ) throws(TemplateFault) -> TemplateValue {
    switch (symbol, left, right) {
    case ("~", _, _): return .string(try joined(try left.printed(budget), try right.printed(budget)))
    case ("+", .string(let a), .string(let b)): return .string(try joined(a, b))
    case ("+", .list(let a), .list(let b)):
      try budget.spend(copies: a.count + b.count)
      return .list(a + b)
    case ("*", .string(let text), .integer(let count)), ("*", .integer(let count), .string(let text)):
      let times = max(count, 0)
      let part = try budget.plain(text)
      try budget.spend(bytes: text.byteCount, times: times)
      return .string(text.derived(String(repeating: part, count: times)))
    default: break
    }
    if symbol != "/", let a = left.asInteger, let b = right.asInteger {
      return .integer(try Self.integers(symbol, a, b))
    }
    guard let a = left.asDouble, let b = right.asDouble else {
      throw TemplateFault(
        "'\(symbol)' between \(left.kindName) and \(right.kindName): to join text with other values, use ~")
    }
    return .number(try Self.numbers(symbol, a, b))
  }

  private func joined(_ first: TemplateText, _ second: TemplateText) throws(TemplateFault) -> TemplateText {
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
      guard let power = Int(exactly: pow(Double(a), Double(b))), power.magnitude < 1 << 53, b >= 0 else {
        throw TemplateFault("\(a) ** \(b) is not a whole number below 2^53")
      }
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
    case "//": return (a / b).rounded(.down)
    case "%": return a - b * (a / b).rounded(.down)
    case "**": return pow(a, b)
    default: throw TemplateFault("the operator '\(symbol)' is not supported")
    }
  }
}
