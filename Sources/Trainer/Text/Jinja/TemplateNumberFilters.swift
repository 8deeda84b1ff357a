import Foundation

/// Filters that make numbers: `int`, `float`, `abs` and `round`.
struct TemplateNumberFilters {
  let budget: TemplateBudget

  /// The filter's result.
  func apply(
    _ name: String, to value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    if case .undefined(let missing) = value { throw TemplateFault("\(name) of '\(missing)', which is undefined") }
    switch name {
    case "int": return try integer(value, arguments) ?? arguments.value(0, "default") ?? .integer(0)
    case "float":
      if case .string(let text) = value {
        return PythonNumber.double(try trimmed(text)).map { .number($0) } ?? arguments.value(0, "default") ?? .number(0)
      }
      return value.asDouble.map { .number($0) } ?? arguments.value(0, "default") ?? .number(0)
    case "abs":
      if let number = value.asInteger, number != .min { return .integer(abs(number)) }
      guard case .number(let number) = value else { throw TemplateFault("abs of \(value.kindName)") }
      return .number(abs(number))
    default: return try rounded(value, arguments)
    }
  }

  private func trimmed(_ text: TemplateText) throws(TemplateFault) -> String {
    try budget.spend(text)
    return text.trimmed().plain
  }

  private func integer(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue? {
    let number: Double?
    switch value {
    case .string(let text):
      let plain = try trimmed(text)
      if let whole = PythonNumber.integer(plain, base: try arguments.integer(1, "base") ?? 10) {
        return .integer(whole)
      }
      number = PythonNumber.double(plain)
      if number?.isInfinite == true { return nil }
    case .number(let given): number = given
    default: return value.asInteger.map { .integer($0) }
    }
    guard let number, !number.isNaN else { return nil }
    // Python's integers have no bound; these do.
    guard let whole = TemplateValue.number(number).truncated else {
      throw TemplateFault("int of \(PythonNumber.shown(number)), which does not fit 64 bits")
    }
    return .integer(whole)
  }

  // MARK: - round

  private func rounded(_ value: TemplateValue, _ arguments: TemplateArguments) throws(TemplateFault) -> TemplateValue {
    let digits = try arguments.integer(0, "precision") ?? 0
    let method = try arguments.string(1, "method", budget) ?? "common"
    guard let number = value.asDouble else { throw TemplateFault("round of \(value.kindName)") }
    guard (-400...400).contains(digits) else { throw TemplateFault("round to \(digits) digits") }
    switch method {
    case "common":
      if let whole = value.asInteger { return .integer(try Self.rounded(whole, digits)) }
      return .number(Self.rounded(number, digits))
    case "ceil", "floor":
      let scale = pow(10, Double(digits))
      return .number((number * scale).rounded(method == "ceil" ? .up : .down) / scale)
    default: throw TemplateFault("round by the method '\(method)': it knows common, ceil and floor")
    }
  }

  /// Python's `round` of a float: the nearest decimal of so many digits, by the number's exact value.
  private static func rounded(_ value: Double, _ digits: Int) -> Double {
    guard value.isFinite else { return value }
    guard digits < 0 else { return Double(String(format: "%.\(digits)f", value)) ?? value }
    let scale = pow(10, Double(-digits))
    return scale.isFinite ? (value / scale).rounded(.toNearestOrEven) * scale : 0 * value
  }

  /// Python's `round` of an integer; a half goes to the even neighbour.
  private static func rounded(_ value: Int, _ digits: Int) throws(TemplateFault) -> Int {
    guard digits < 0 else { return value }
    guard digits > -19 else { return 0 }
    let scale = (0..<(-digits)).reduce(1) { product, _ in product * 10 }
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: scale)
    let twice = remainder.magnitude * 2
    let isAway = twice > scale.magnitude || (twice == scale.magnitude && !quotient.isMultiple(of: 2))
    let (product, overflows) = (quotient + (isAway ? value.signum() : 0)).multipliedReportingOverflow(by: scale)
    guard !overflows else { throw TemplateFault("round of \(value) does not fit 64 bits") }
    return product
  }
}
