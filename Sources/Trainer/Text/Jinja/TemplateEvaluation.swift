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
    case .attribute(let object, let name): return try attribute(name, of: try evaluate(object), line: line)
    case .item(let object, let key): return try item(try evaluate(key), of: try evaluate(object), line: line)
    case .slice(let object, let start, let end, let step):
      return try slice(try evaluate(object), try bound(start), try bound(end), try bound(step), line: line)
    case .call(let callee, let syntax): return try call(callee, try arguments(syntax), line: line)
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
      return try located(line) { () throws(TemplateFault) in
        try TemplateArithmetic(budget: budget).apply("-", .integer(0), value)
      }
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
    case .integer(let value): return value
    case let other:
      throw TemplateError(line: expression.line, message: "a slice's bound is \(other.kindName), but should be whole")
    }
  }

  private func arguments(_ syntax: TemplateCallSyntax) throws(TemplateError) -> TemplateArguments {
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

  // MARK: - Parts of a value

  private func attribute(_ name: String, of object: TemplateValue, line: Int) throws(TemplateError) -> TemplateValue {
    try located(line) { () throws(TemplateFault) in
      switch object {
      case .dictionary(let dictionary): return try dictionary.value(of: name, budget) ?? .undefined(name)
      case .namespace(let namespace): return try namespace.values.value(of: name, budget) ?? .undefined(name)
      case .loop(let state): return state[name] ?? .undefined("loop.\(name)")
      case .undefined(let missing): throw TemplateFault("'\(missing)' is undefined and has no '\(name)'")
      default: return .undefined(name)
      }
    }
  }

  private func item(
    _ key: TemplateValue, of object: TemplateValue, line: Int
  ) throws(TemplateError) -> TemplateValue {
    switch (object, key) {
    case (.dictionary, .string(let name)), (.namespace, .string(let name)), (.loop, .string(let name)),
      (.undefined, .string(let name)):
      return try attribute(try plain(name, line: line), of: object, line: line)
    case (.list(let items), .integer(let index)):
      let place = index < 0 ? index + items.count : index
      return items.indices.contains(place) ? items[place] : .undefined("item \(index)")
    case (.string(let text), .integer(let index)):
      let scalars = try plain(text, line: line).unicodeScalars
      let place = index < 0 ? index + scalars.count : index
      guard (0..<scalars.count).contains(place) else { return .undefined("character \(index)") }
      return .string(text.derived(String(scalars[scalars.index(scalars.startIndex, offsetBy: place)])))
    case (.undefined(let missing), _):
      throw TemplateError(line: line, message: "'\(missing)' is undefined and has no items")
    default: return .undefined("an item of \(object.kindName)")
    }
  }

  private func slice(
    _ object: TemplateValue, _ start: Int?, _ end: Int?, _ step: Int?, line: Int
  ) throws(TemplateError) -> TemplateValue {
    guard step != 0 else { throw TemplateError(line: line, message: "a slice's step is 0") }
    func indices(_ count: Int) -> StrideTo<Int> {
      PythonString.sliceIndices(count: count, start: start, end: end, step: step ?? 1)
    }
    return try located(line) { () throws(TemplateFault) in
      switch object {
      case .list(let items):
        try budget.spend(copies: items.count)
        return .list(indices(items.count).map { items[$0] })
      case .string(let text):
        let plain = try budget.plain(text)
        // Four bytes for each code point, to find it by index, and one for the new text.
        try budget.spend(bytes: plain.utf8.count, times: 5)
        let scalars = Array(plain.unicodeScalars)
        return .string(text.derived(String(String.UnicodeScalarView(indices(scalars.count).map { scalars[$0] }))))
      default: throw TemplateFault("\(object.kindName) cannot be sliced")
      }
    }
  }

  // MARK: - Calls

  private static func builtin(_ name: String) -> TemplateValue? {
    let names = ["raise_exception", "strftime_now", "range", "namespace", "dict"]
    return names.contains(name) ? .function(.builtin(name)) : nil
  }

  private func call(
    _ callee: TemplateExpression, _ arguments: TemplateArguments, line: Int
  ) throws(TemplateError) -> TemplateValue {
    let function: TemplateValue
    if case .attribute(let object, let name) = callee.kind {
      let object = try evaluate(object)
      switch object {
      case .dictionary(let dictionary):
        guard case .function? = dictionary[name] else { fallthrough }
        function = try attribute(name, of: object, line: line)
      case .string, .list:
        return try located(line) { () throws(TemplateFault) in
          try TemplateMethods(budget: budget).call(name, on: object, arguments)
        }
      default: function = try attribute(name, of: object, line: line)
      }
    } else {
      function = try evaluate(callee)
    }
    guard case .function(let function) = function else {
      throw TemplateError(line: line, message: "\(function.kindName) cannot be called: it is not supported")
    }
    switch function {
    case .macro(let macro): return try call(macro, arguments, line: line)
    case .cycle(let index):
      guard !arguments.positional.isEmpty else { throw TemplateError(line: line, message: "loop.cycle needs values") }
      return arguments.positional[index % arguments.positional.count]
    case .builtin(let name): return try builtin(name, arguments, line: line)
    }
  }

  private func builtin(
    _ name: String, _ arguments: TemplateArguments, line: Int
  ) throws(TemplateError) -> TemplateValue {
    try located(line) { () throws(TemplateFault) in
      switch name {
      case "raise_exception":
        let reason = try arguments.value(0, "message")?.printed(budget).plain ?? ""
        throw TemplateFault("the template refuses the conversation: \(reason)")
      case "strftime_now":
        let format = try arguments.string(0, "format", budget) ?? ""
        // Two letters of a format become at most nine: "Wednesday", "September".
        try budget.spend(bytes: format.utf8.count, times: 5)
        return .text(try TemplateClock.format(format, date: now))
      case "range": return .list(try range(arguments))
      case "dict":
        let dictionary = TemplateValue.dictionary(arguments.named)
        try dictionary.checkLevels(in: budget)
        return dictionary
      default:
        var values = TemplateDictionary()
        if case .dictionary(let given)? = arguments.positional.first { values = given }
        for entry in arguments.named.entries { values[entry.key] = entry.value }
        return try namespace(values)
      }
    }
  }

  private func range(_ arguments: TemplateArguments) throws(TemplateFault) -> [TemplateValue] {
    let first = try arguments.integer(0, "start") ?? 0
    let second = try arguments.integer(1, "stop")
    let step = try arguments.integer(2, "step") ?? 1
    let (start, end) = second.map { (first, $0) } ?? (0, first)
    let limit = 100_000
    guard step != 0, start.magnitude < 1 << 40, end.magnitude < 1 << 40, step.magnitude < 1 << 40,
      (end - start) / step <= limit
    else { throw TemplateFault("range(\(start), \(end), \(step)) is not of at most \(limit) items") }
    let numbers = stride(from: start, to: end, by: step)
    try budget.spend(copies: numbers.underestimatedCount)
    return numbers.map { .integer($0) }
  }
}
