extension TemplateInterpreter {
  /// A function that every template has; nil where there is none of the name.
  static func builtin(_ name: String) -> TemplateValue? {
    let names = ["raise_exception", "strftime_now", "range", "namespace", "dict"]
    return names.contains(name) ? .function(.builtin(name)) : nil
  }

  /// Calls what an expression names.
  /// - Parameter caller: body of the `call` block that the call stands in; nil: none.
  func call(
    _ callee: TemplateExpression, _ syntax: TemplateCallSyntax, caller: TemplateMacro? = nil, line: Int
  ) throws(TemplateError) -> TemplateValue {
    let function = try evaluate(callee)
    var arguments = try arguments(syntax)
    if let caller { arguments.named["caller"] = try closure(caller, line: line) }
    if case .loop(let state) = function { return try again(state, arguments, line: line) }
    guard case .function(let function) = function else {
      var name = ""
      if case .attribute(_, let method) = callee.kind { name = " \(method)()" }
      throw TemplateError(line: line, message: "\(function.kindName) cannot be called:\(name) is not supported")
    }
    switch function {
    case .macro(let macro): return try call(macro, arguments, line: line)
    case .method(let object, let name):
      return try located(line) { () throws(TemplateFault) in
        try TemplateMethods(budget: budget).call(name, on: object, arguments)
      }
    case .cycle(let state):
      guard !arguments.positional.isEmpty, arguments.named.entries.isEmpty else {
        throw TemplateError(line: line, message: "loop.cycle needs values, without names")
      }
      return arguments.positional[state.index % arguments.positional.count]
    case .changed(let state): return .boolean(try hasChanged(state, arguments, line: line))
    case .builtin(let name): return try builtin(name, arguments, line: line)
    }
  }

  // MARK: - Macros

  /// A macro with the variables of the blocks around it.
  func closure(_ macro: TemplateMacro, line: Int) throws(TemplateError) -> TemplateValue {
    let closure = TemplateClosure(macro, scopes: Array(scopes.dropFirst()))
    if !closure.scopes.isEmpty {
      try located(line) { () throws(TemplateFault) in
        try budget.spend(values: closure.scopes.count)
        try keep(closure)
      }
    }
    return .function(.macro(closure))
  }

  /// Runs a macro, which sees the template's top-level variables, those of the blocks around it, and its own arguments.
  private func call(
    _ closure: TemplateClosure, _ arguments: TemplateArguments, line: Int
  ) throws(TemplateError) -> TemplateValue {
    let macro = closure.macro
    return try deeper(line: line) { () throws(TemplateError) in
      let outer = scopes
      scopes = [outer[0]] + closure.scopes + [closure.scopes.isEmpty ? [:] : [macro.name: .function(.macro(closure))]]
      defer { scopes = outer }
      try bind(arguments, to: macro, line: line)
      return .string(try captured(macro.body).text)
    }
  }

  /// Sets a macro's parameters in the innermost scope.
  private func bind(_ arguments: TemplateArguments, to macro: TemplateMacro, line: Int) throws(TemplateError) {
    let place = scopes.count - 1
    let count = arguments.positional.count
    for (index, parameter) in macro.parameters.enumerated() {
      let value: TemplateValue
      if index < count {
        value = arguments.positional[index]
      } else if let named = arguments.named[parameter.name] {
        value = named
      } else if let fallback = parameter.fallback {
        value = try evaluate(fallback)
      } else {
        value = .undefined(parameter.name)
      }
      scopes[place][parameter.name] = value
    }
    try located(line) { () throws(TemplateFault) in
      var others = TemplateDictionary()
      let known = Set(macro.parameters.dropFirst(count).map(\.name))
      for entry in arguments.named.entries where !known.contains(entry.key) {
        if entry.key == "caller", macro.extras.contains("caller") { continue }
        guard macro.extras.contains("kwargs"), entry.key != "caller" else {
          throw TemplateFault("the macro \(macro.name) has no parameter '\(entry.key)' that is still free")
        }
        others[entry.key] = entry.value
      }
      guard count <= macro.parameters.count || macro.extras.contains("varargs") else {
        throw TemplateFault("the macro \(macro.name) takes at most \(macro.parameters.count) arguments")
      }
      if macro.extras.contains("caller"), !macro.parameters.contains(where: { $0.name == "caller" }) {
        scopes[place]["caller"] = arguments.named["caller"] ?? .undefined("caller")
      }
      if macro.extras.contains("kwargs") {
        try TemplateValue.dictionary(others).checkLevels(in: budget)
        scopes[place]["kwargs"] = .dictionary(others)
      }
      if macro.extras.contains("varargs") {
        let rest = TemplateValue.tuple(Array(arguments.positional.dropFirst(macro.parameters.count)))
        try rest.checkLevels(in: budget)
        scopes[place]["varargs"] = rest
      }
    }
  }

  // MARK: - Functions that every template has

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
        let dictionary = TemplateValue.dictionary(try dictionary(arguments))
        try dictionary.checkLevels(in: budget)
        return dictionary
      default:
        let namespace = try TemplateNamespace(try dictionary(arguments))
        try keep(namespace)
        return .namespace(namespace)
      }
    }
  }

  /// Python's `dict(…)`: of a mapping or of pairs, and of named values.
  private func dictionary(_ arguments: TemplateArguments) throws(TemplateFault) -> TemplateDictionary {
    guard arguments.positional.count < 2 else {
      throw TemplateFault("dict and namespace take one value that is not named")
    }
    var values = TemplateDictionary()
    switch arguments.positional.first {
    case nil: break
    case .dictionary(let given)?: values = given
    case let given?:
      for pair in try given.items(budget) {
        let parts = try pair.items(budget)
        guard parts.count == 2, case .string(let key) = parts[0] else {
          throw TemplateFault("dict and namespace take pairs of a string and a value")
        }
        let name = try budget.plain(key)
        try budget.spend(lookupOf: name, among: values.entries.count)
        values[name] = parts[1]
      }
    }
    for entry in arguments.named.entries {
      try budget.spend(lookupOf: entry.key, among: values.entries.count)
      values[entry.key] = entry.value
    }
    return values
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
