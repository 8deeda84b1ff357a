extension TemplateInterpreter {
  /// Runs a loop.
  /// - Parameter depth: loops of the same `for` around this one, which `loop(…)` started.
  func run(
    _ loop: TemplateLoopSyntax, over iterable: TemplateValue, depth: Int, line: Int
  ) throws(TemplateError) -> Flow {
    var items = try located(line) { () throws(TemplateFault) in try iterable.items(budget) }
    if let filter = loop.filter {
      var kept: [TemplateValue] = []
      for item in items {
        try step(line: line)
        let isKept = try inScope([:]) { () throws(TemplateError) in
          try set(loop.target, to: item, line: line)
          return try evaluate(filter).isTrue
        }
        guard isKept else { continue }
        try located(line) { () throws(TemplateFault) in try budget.spend(copies: 1) }
        kept.append(item)
      }
      items = kept
    }
    guard !items.isEmpty else { return try inScope([:]) { () throws(TemplateError) in try run(loop.otherwise) } }
    let state = TemplateLoopState(
      items: items, depth: depth, syntax: loop.isRecursive ? loop : nil, scopes: loop.isRecursive ? scopes : [])
    if loop.isRecursive { try located(line) { () throws(TemplateFault) in try keep(state) } }
    for (index, item) in items.enumerated() {
      try step(line: line)
      state.index = index
      let flow = try inScope(["loop": .loop(state)]) { () throws(TemplateError) in
        try set(loop.target, to: item, line: line)
        return try run(loop.body)
      }
      if flow == .stop { break }
    }
    return .goOn
  }

  /// Runs a recursive loop over other items: `loop(items)`.
  func again(
    _ state: TemplateLoopState, _ arguments: TemplateArguments, line: Int
  ) throws(TemplateError) -> TemplateValue {
    guard let syntax = state.syntax else {
      throw TemplateError(line: line, message: "loop(…) is called, but the loop is not marked 'recursive'")
    }
    guard arguments.positional.count == 1, arguments.named.entries.isEmpty else {
      throw TemplateError(line: line, message: "loop(…) takes the items to go through, and nothing else")
    }
    return try deeper(line: line) { () throws(TemplateError) in
      let outer = scopes
      scopes = state.scopes
      defer { scopes = outer }
      return .string(
        try captured { () throws(TemplateError) in
          try run(syntax, over: arguments.positional[0], depth: state.depth + 1, line: line)
        }.text)
    }
  }

  /// True where the values differ from those of the iteration before: `loop.changed(values…)`.
  func hasChanged(
    _ state: TemplateLoopState, _ arguments: TemplateArguments, line: Int
  ) throws(TemplateError) -> Bool {
    try located(line) { () throws(TemplateFault) in
      guard arguments.named.entries.isEmpty else { throw TemplateFault("loop.changed takes values without names") }
      if state.lastValues == nil { try keep(state) }
      let values = arguments.positional
      if let last = state.lastValues, try TemplateValue.list(last).equals(.list(values), budget) { return false }
      state.lastValues = values
      return true
    }
  }
}
