/// Tests of a value: `value is name(arguments)`.
struct TemplatePredicates {
  let budget: TemplateBudget

  func apply(
    _ name: String, to value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> Bool {
    guard let parameters = TemplateSignatures.tests[name] else {
      throw TemplateFault("the test '\(name)' is not supported")
    }
    try TemplateSignatures.check(arguments, parameters, "the test '\(name)'")
    switch name {
    case "defined": return !Self.isUndefined(value)
    case "undefined": return Self.isUndefined(value)
    case "none":
      if case .none = value { return true }
      return false
    case "string":
      if case .string = value { return true }
      return false
    case "mapping":
      if case .dictionary = value { return true }
      return false
    case "iterable", "sequence":
      switch value {
      case .string, .list, .tuple, .group, .dictionary, .undefined: return true
      case .loop: return name == "iterable"
      default: return false
      }
    case "boolean":
      if case .boolean = value { return true }
      return false
    case "true":
      if case .boolean(true) = value { return true }
      return false
    case "false":
      if case .boolean(false) = value { return true }
      return false
    case "integer":
      if case .integer = value { return true }
      return false
    case "float":
      if case .number = value { return true }
      return false
    case "number": return value.asDouble != nil
    case "callable":
      switch value {
      case .function, .undefined: return true
      case .loop(let state): return state.syntax != nil
      default: return false
      }
    case "even", "odd":
      guard value.asDouble != nil else { throw TemplateFault("\(value.kindName) is neither even nor odd") }
      let remainder = try TemplateArithmetic(budget: budget).apply("%", value, .integer(2))
      return remainder.asDouble == (name == "even" ? 0 : 1)
    case "divisibleby":
      guard let divisor = arguments.value(0, "num") else { throw TemplateFault("divisibleby needs a number") }
      let remainder = try TemplateArithmetic(budget: budget).apply("%", value, divisor)
      guard let remainder = remainder.asDouble else { throw TemplateFault("divisibleby needs two numbers") }
      return remainder == 0
    case "lower", "upper":
      return PythonString.isCased(try budget.plain(try value.printed(budget)), upper: name == "upper")
    case "sameas": return try isSame(value, arguments.value(0, "other"))
    default: return try comparison(name, value, arguments)
    }
  }

  private static func isUndefined(_ value: TemplateValue) -> Bool {
    if case .undefined = value { return true }
    return false
  }

  private func comparison(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> Bool {
    guard let other = arguments.value(0, name == "in" ? "seq" : "b") else {
      throw TemplateFault("the test '\(name)' needs a value")
    }
    switch name {
    case "eq", "equalto": return try value.equals(other, budget)
    case "ne": return try !value.equals(other, budget)
    case "lt", "lessthan": return try value.precedes(other, budget)
    case "gt", "greaterthan": return try other.precedes(value, budget)
    case "le": return try !other.precedes(value, budget)
    case "ge": return try !value.precedes(other, budget)
    default: return try other.contains(value, budget)
    }
  }

  /// True where two values are one object in Python, as far as that can be told.
  private func isSame(_ value: TemplateValue, _ other: TemplateValue?) throws(TemplateFault) -> Bool {
    switch (value, other) {
    case (.none, TemplateValue.none?): return true
    case (.boolean(let a), .boolean(let b)?): return a == b
    case (.namespace(let a), .namespace(let b)?): return a === b
    case (.none, _), (.boolean, _), (_, TemplateValue.none?), (_, .boolean?), (.integer, .number?),
      (.number, .integer?):
      return false
    case (.string, let other?) where other.asDouble != nil: return false
    case (_, .string?) where value.asDouble != nil: return false
    case (_, let other?): throw TemplateFault("sameas between \(value.kindName) and \(other.kindName) is not supported")
    case (_, nil): throw TemplateFault("the test 'sameas' needs a value")
    }
  }
}
