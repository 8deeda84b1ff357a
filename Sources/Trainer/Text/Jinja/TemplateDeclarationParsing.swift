extension TemplateExpressionParser {
  /// Target of a `set` or a `for`: a name, a namespace's attribute, or several with commas between.
  /// - Parameter mayHaveAttribute: true: `namespace.name` may be one.
  mutating func target(mayHaveAttribute: Bool) throws(TemplateError) -> TemplateTarget {
    try enter()
    defer { depth -= 1 }
    let first = try singleTarget(mayHaveAttribute: mayHaveAttribute)
    guard next?.kind == .symbol(",") else { return first }
    var targets = [first]
    while take(symbol: ",") {
      if next?.kind != .symbol(")") { targets.append(try singleTarget(mayHaveAttribute: mayHaveAttribute)) }
    }
    return .tuple(targets)
  }

  private mutating func singleTarget(mayHaveAttribute: Bool) throws(TemplateError) -> TemplateTarget {
    if take(symbol: "(") {
      let inner = try target(mayHaveAttribute: mayHaveAttribute)
      try expect(symbol: ")")
      return inner
    }
    let name = try name("a name to write to")
    guard !["in", "true", "false", "none", "True", "False", "None"].contains(name) else {
      throw TemplateError(line: here, message: "'\(name)' cannot be written to")
    }
    guard mayHaveAttribute, take(symbol: ".") else { return .name(name) }
    return .attribute(name, try self.name("an attribute's name"))
  }

  /// Parameters of a macro, with its opening parenthesis read.
  mutating func parameters() throws(TemplateError) -> [(name: String, fallback: TemplateExpression?)] {
    var parameters: [(name: String, fallback: TemplateExpression?)] = []
    while !take(symbol: ")") {
      if !parameters.isEmpty { try expect(symbol: ",") }
      let parameter = try name("a parameter's name")
      let fallback = take(symbol: "=") ? try expression() : nil
      guard fallback != nil || parameters.last?.fallback == nil else {
        throw unexpected("a default for '\(parameter)', since the parameter before has one")
      }
      parameters.append((parameter, fallback))
    }
    return parameters
  }

  /// Filters with `|` between.
  mutating func filters() throws(TemplateError) -> [TemplateFilterSyntax] {
    var filters: [TemplateFilterSyntax] = []
    repeat {
      let filter = try name("a filter's name")
      filters.append(
        TemplateFilterSyntax(name: filter, call: take(symbol: "(") ? try arguments() : TemplateCallSyntax()))
    } while take(symbol: "|")
    return filters
  }
}
