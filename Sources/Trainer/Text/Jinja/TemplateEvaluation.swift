extension TemplateInterpreter {
  /// The value of an expression.
  func evaluate(_ expression: TemplateExpression) throws(TemplateError) -> TemplateValue {
    try step(line: expression.line)
    return try deeper(line: expression.line) { () throws(TemplateError) in try value(of: expression) }
  }

  private func value(of expression: TemplateExpression) throws(TemplateError) -> TemplateValue {
    let line = expression.line
    switch expression.kind {
    case .none: return .none
    case .boolean(let value): return .boolean(value)
    case .integer(let value): return .integer(value)
    case .number(let value): return .number(value)
    case .string(let text): return .text(text)
    case .list(let items):
      return try checked(.list(try items.map { item throws(TemplateError) in try evaluate(item) }), line: line)
    case .tuple(let items):
      return try checked(.tuple(try items.map { item throws(TemplateError) in try evaluate(item) }), line: line)
    case .dictionary(let entries):
      var dictionary = TemplateDictionary()
      for entry in entries {
        guard case .string(let key) = try evaluate(entry.key) else {
          throw TemplateError(line: line, message: "a mapping's key is no string: write it in quotes")
        }
        let value = try evaluate(entry.value)
        try located(line) { () throws(TemplateFault) in
          let key = try budget.plain(key)
          try budget.spend(lookupOf: key, among: dictionary.entries.count)
          dictionary[key] = value
        }
      }
      return try checked(.dictionary(dictionary), line: line)
    case .name(let name):
      return try located(line) { () throws(TemplateFault) in try value(of: name) } ?? Self.builtin(name)
        ?? .undefined(name)
    case .attribute(let object, let name):
      let object = try evaluate(object)
      return try located(line) { () throws(TemplateFault) in
        try TemplateAccess(budget: budget).attribute(name, of: object)
      }
    case .item(let object, let key):
      let (object, key) = (try evaluate(object), try evaluate(key))
      return try located(line) { () throws(TemplateFault) in try TemplateAccess(budget: budget).item(key, of: object) }
    case .slice(let object, let start, let end, let step):
      let object = try evaluate(object)
      let (start, end, step) = (try bound(start), try bound(end), try bound(step))
      return try located(line) { () throws(TemplateFault) in
        try TemplateAccess(budget: budget).slice(object, start, end, step)
      }
    case .call(let callee, let syntax): return try call(callee, syntax, line: line)
    case .filter(let input, let name, let syntax):
      let value = try evaluate(input)
      let arguments = try arguments(syntax)
      return try located(line) { () throws(TemplateFault) in
        try TemplateFilters(budget: budget).apply(name, to: value, arguments)
      }
    case .test(let input, let name, let syntax):
      let value = try evaluate(input)
      let arguments = try arguments(syntax)
      return .boolean(
        try located(line) { () throws(TemplateFault) in
          try TemplatePredicates(budget: budget).apply(name, to: value, arguments)
        })
    case .not(let operand): return .boolean(!(try evaluate(operand).isTrue))
    case .negative(let operand):
      let value = try evaluate(operand)
      return try located(line) { () throws(TemplateFault) in try TemplateArithmetic.negated(value) }
    case .and(let left, let right):
      let value = try evaluate(left)
      return value.isTrue ? try evaluate(right) : value
    case .or(let left, let right):
      let value = try evaluate(left)
      return value.isTrue ? value : try evaluate(right)
    case .arithmetic(let symbol, let left, let right):
      let (left, right) = (try evaluate(left), try evaluate(right))
      return try located(line) { () throws(TemplateFault) in
        try TemplateArithmetic(budget: budget).apply(symbol, left, right)
      }
    case .comparison(let left, let parts): return .boolean(try compare(left, parts, line: line))
    case .conditional(let condition, let then, let otherwise):
      if try evaluate(condition).isTrue { return try evaluate(then) }
      return try otherwise.map { other throws(TemplateError) in try evaluate(other) } ?? .undefined("an absent else")
    }
  }

  private func bound(_ expression: TemplateExpression?) throws(TemplateError) -> Int? {
    guard let expression else { return nil }
    switch try evaluate(expression) {
    case .none: return nil
    case let other:
      if let value = other.asInteger { return value }
      throw TemplateError(line: expression.line, message: "a slice's bound is \(other.kindName), but should be whole")
    }
  }

  func arguments(_ syntax: TemplateCallSyntax) throws(TemplateError) -> TemplateArguments {
    var arguments = TemplateArguments()
    for expression in syntax.positional { arguments.positional.append(try evaluate(expression)) }
    for (name, expression) in syntax.named { arguments.named[name] = try evaluate(expression) }
    return arguments
  }

  private func compare(
    _ left: TemplateExpression, _ parts: [(operation: String, right: TemplateExpression)], line: Int
  ) throws(TemplateError) -> Bool {
    var left = try evaluate(left)
    for part in parts {
      let right = try evaluate(part.right)
      let current = left
      let holds = try located(line) { () throws(TemplateFault) in
        switch part.operation {
        case "==": try current.equals(right, budget)
        case "!=": try !current.equals(right, budget)
        case "<": try current.precedes(right, budget)
        case ">": try right.precedes(current, budget)
        case "<=": try !right.precedes(current, budget)
        case ">=": try !current.precedes(right, budget)
        case "in": try right.contains(current, budget)
        default: try !right.contains(current, budget)
        }
      }
      guard holds else { return false }
      left = right
    }
    return true
  }
}
