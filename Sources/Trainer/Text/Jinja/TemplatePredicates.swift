/// Tests of a value: `value is name(arguments)`.
struct TemplatePredicates {
  let budget: TemplateBudget

  func apply(
    _ name: String, to value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> Bool {
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
      case .string, .list, .dictionary, .undefined: return true
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
      if case .function = value { return true }
      return false
    case "even", "odd":
      guard let number = value.asInteger else { throw TemplateFault("\(value.kindName) is neither even nor odd") }
      return number.isMultiple(of: 2) == (name == "even")
    case "divisibleby":
      guard let number = value.asInteger, let divisor = try arguments.integer(0, "num"), divisor != 0 else {
        throw TemplateFault("divisibleby needs two whole numbers, the second not 0")
      }
      return number.isMultiple(of: divisor)
    case "lower", "upper":
      let text = try budget.plain(try value.printed(budget))
      try budget.spend(bytes: text.utf8.count, times: 4)
      return text == (name == "lower" ? text.lowercased() : text.uppercased()) && text.contains { $0.isLetter }
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
    let known = ["eq", "equalto", "ne", "lt", "lessthan", "gt", "greaterthan", "le", "ge", "in"]
    guard known.contains(name) else { throw TemplateFault("the test '\(name)' is not supported") }
    guard let other = arguments.value(0, "other") else { throw TemplateFault("the test '\(name)' needs a value") }
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
}
