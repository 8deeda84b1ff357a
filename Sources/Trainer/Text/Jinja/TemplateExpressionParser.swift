/// Parser of one tag's tokens into an expression, by Jinja's precedence, loosest first: `or`, `and`, `not`,
/// comparisons, `+ -`, `~`, `* / // %`, `**`, signs, then the postfixes of a value (`.name`, `[…]`, `(…)`, `| filter`,
/// `is test`).
struct TemplateExpressionParser {
  private let tokens: [TemplateToken]
  var index = 0
  private let line: Int
  /// Nesting of expressions, limited because the parser recurses.
  var depth = 0
  private static let depthLimit = 60

  init(_ tokens: [TemplateToken], line: Int) {
    self.tokens = tokens
    self.line = line
  }

  // MARK: - Tokens

  var next: TemplateToken? { index < tokens.count ? tokens[index] : nil }
  var here: Int { next?.line ?? tokens.last?.line ?? line }

  func unexpected(_ wanted: String) -> TemplateError {
    TemplateError(line: here, message: "found \(next?.shown ?? "the tag's end"), but expected \(wanted)")
  }

  mutating func take(symbol: String) -> Bool {
    guard next?.kind == .symbol(symbol) else { return false }
    index += 1
    return true
  }

  mutating func take(name: String) -> Bool {
    guard next?.kind == .name(name) else { return false }
    index += 1
    return true
  }

  mutating func expect(symbol: String) throws(TemplateError) {
    guard take(symbol: symbol) else { throw unexpected("'\(symbol)'") }
  }

  mutating func expect(name: String) throws(TemplateError) {
    guard take(name: name) else { throw unexpected("'\(name)'") }
  }

  mutating func name(_ what: String) throws(TemplateError) -> String {
    guard case .name(let name)? = next?.kind else { throw unexpected(what) }
    index += 1
    return name
  }

  var isAtEnd: Bool { index == tokens.count }

  func expectEnd() throws(TemplateError) {
    guard isAtEnd else { throw unexpected("the tag's end") }
  }

  // MARK: - Operators

  /// One expression, or several with commas between, which make a tuple.
  /// - Parameter isConditional: false: a trailing `if` does not belong to the expression.
  mutating func tupleOrExpression(isConditional: Bool = true) throws(TemplateError) -> TemplateExpression {
    let first = try isConditional ? expression() : disjunction()
    guard next?.kind == .symbol(",") else { return first }
    var items = [first]
    while take(symbol: ","), index < tokens.count, next?.kind != .name("recursive") {
      items.append(try isConditional ? expression() : disjunction())
    }
    return TemplateExpression(kind: .tuple(items), line: first.line)
  }

  mutating func expression() throws(TemplateError) -> TemplateExpression {
    try enter()
    defer { depth -= 1 }
    var value = try disjunction()
    while next?.kind == .name("if") {
      let line = here
      index += 1
      let condition = try disjunction()
      let otherwise = take(name: "else") ? try expression() : nil
      value = TemplateExpression(kind: .conditional(condition, then: value, otherwise: otherwise), line: line)
    }
    return value
  }

  mutating func enter() throws(TemplateError) {
    depth += 1
    guard depth <= Self.depthLimit else {
      throw TemplateError(line: here, message: "an expression nests deeper than \(Self.depthLimit) levels")
    }
  }

  /// An expression without a trailing `… if …`.
  mutating func disjunction() throws(TemplateError) -> TemplateExpression {
    var left = try conjunction()
    while take(name: "or") {
      left = TemplateExpression(kind: .or(left, try conjunction()), line: left.line)
    }
    return left
  }

  private mutating func conjunction() throws(TemplateError) -> TemplateExpression {
    var left = try negation()
    while take(name: "and") {
      left = TemplateExpression(kind: .and(left, try negation()), line: left.line)
    }
    return left
  }

  private mutating func negation() throws(TemplateError) -> TemplateExpression {
    let line = here
    guard take(name: "not") else { return try comparison() }
    try enter()
    defer { depth -= 1 }
    return TemplateExpression(kind: .not(try negation()), line: line)
  }

  private mutating func comparison() throws(TemplateError) -> TemplateExpression {
    let left = try sum()
    var parts: [(operation: String, right: TemplateExpression)] = []
    while let operation = comparisonOperator() { parts.append((operation, try sum())) }
    return parts.isEmpty ? left : TemplateExpression(kind: .comparison(left, parts), line: left.line)
  }

  private mutating func comparisonOperator() -> String? {
    for symbol in ["==", "!=", "<=", ">=", "<", ">"] where take(symbol: symbol) { return symbol }
    if take(name: "in") { return "in" }
    if next?.kind == .name("not"), index + 1 < tokens.count, tokens[index + 1].kind == .name("in") {
      index += 2
      return "not in"
    }
    return nil
  }

  private mutating func sum() throws(TemplateError) -> TemplateExpression {
    var left = try concatenation()
    while let symbol = ["+", "-"].first(where: { take(symbol: $0) }) {
      left = TemplateExpression(kind: .arithmetic(symbol, left, try concatenation()), line: left.line)
    }
    return left
  }

  private mutating func concatenation() throws(TemplateError) -> TemplateExpression {
    var left = try product()
    while take(symbol: "~") {
      left = TemplateExpression(kind: .arithmetic("~", left, try product()), line: left.line)
    }
    return left
  }

  private mutating func product() throws(TemplateError) -> TemplateExpression {
    var left = try power()
    while let symbol = ["*", "/", "//", "%"].first(where: { take(symbol: $0) }) {
      left = TemplateExpression(kind: .arithmetic(symbol, left, try power()), line: left.line)
    }
    return left
  }

  private mutating func power() throws(TemplateError) -> TemplateExpression {
    var left = try signed(withFilters: true)
    while take(symbol: "**") {
      left = TemplateExpression(kind: .arithmetic("**", left, try signed(withFilters: true)), line: left.line)
    }
    return left
  }

  private mutating func signed(withFilters: Bool) throws(TemplateError) -> TemplateExpression {
    let line = here
    var value: TemplateExpression
    if take(symbol: "-") {
      try enter()
      defer { depth -= 1 }
      value = TemplateExpression(kind: .negative(try signed(withFilters: false)), line: line)
    } else if take(symbol: "+") {
      try enter()
      defer { depth -= 1 }
      value = try signed(withFilters: false)
    } else {
      value = try primary()
    }
    value = try postfix(value)
    return withFilters ? try filtered(value) : value
  }

  // MARK: - Values

  private mutating func primary() throws(TemplateError) -> TemplateExpression {
    guard let token = next else { throw unexpected("a value") }
    index += 1
    let kind: TemplateExpression.Kind
    switch token.kind {
    case .integer(let value): kind = .integer(value)
    case .number(let value): kind = .number(value)
    case .string(var text):
      while case .string(let more)? = next?.kind {
        text += more
        index += 1
      }
      kind = .string(text)
    case .name("true"), .name("True"): kind = .boolean(true)
    case .name("false"), .name("False"): kind = .boolean(false)
    case .name("none"), .name("None"): kind = .none
    case .name(let name): kind = .name(name)
    case .symbol("["): kind = .list(try items(until: "]"))
    case .symbol("("):
      if take(symbol: ")") { return TemplateExpression(kind: .tuple([]), line: token.line) }
      let first = try expression()
      guard take(symbol: ",") else {
        try expect(symbol: ")")
        return first
      }
      kind = .tuple([first] + (try items(until: ")")))
    case .symbol("{"): kind = .dictionary(try entries())
    case .symbol:
      index -= 1
      throw unexpected("a value")
    }
    return TemplateExpression(kind: kind, line: token.line)
  }

  private mutating func items(until end: String) throws(TemplateError) -> [TemplateExpression] {
    var items: [TemplateExpression] = []
    while !take(symbol: end) {
      items.append(try expression())
      guard take(symbol: ",") else {
        try expect(symbol: end)
        break
      }
    }
    return items
  }

  private mutating func entries() throws(TemplateError) -> [(key: TemplateExpression, value: TemplateExpression)] {
    var entries: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !take(symbol: "}") {
      let key = try expression()
      try expect(symbol: ":")
      entries.append((key, try expression()))
      guard take(symbol: ",") else {
        try expect(symbol: "}")
        break
      }
    }
    return entries
  }

  mutating func arguments() throws(TemplateError) -> TemplateCallSyntax {
    var call = TemplateCallSyntax()
    while !take(symbol: ")") {
      if case .name(let name)? = next?.kind, index + 1 < tokens.count, tokens[index + 1].kind == .symbol("=") {
        index += 2
        call.named.append((name, try expression()))
      } else {
        guard call.named.isEmpty, next?.kind != .symbol("*"), next?.kind != .symbol("**") else {
          throw unexpected("a named argument (unpacking with * is not supported)")
        }
        call.positional.append(try expression())
      }
      guard take(symbol: ",") else {
        try expect(symbol: ")")
        break
      }
    }
    return call
  }

  // MARK: - What stands behind a value

  private mutating func postfix(_ start: TemplateExpression) throws(TemplateError) -> TemplateExpression {
    var value = start
    while true {
      let line = here
      if take(symbol: ".") {
        if case .integer(let position)? = next?.kind {
          index += 1
          let key = TemplateExpression(kind: .integer(position), line: line)
          value = TemplateExpression(kind: .item(value, key), line: line)
        } else {
          value = TemplateExpression(kind: .attribute(value, try name("an attribute's name")), line: line)
        }
      } else if take(symbol: "[") {
        value = TemplateExpression(kind: try subscription(of: value), line: line)
      } else if take(symbol: "(") {
        value = TemplateExpression(kind: .call(value, try arguments()), line: line)
      } else {
        return value
      }
    }
  }

  private mutating func subscription(of value: TemplateExpression) throws(TemplateError) -> TemplateExpression.Kind {
    var parts: [TemplateExpression?] = []
    var isSlice = false
    while true {
      let isEmpty = next?.kind == .symbol(":") || next?.kind == .symbol("]")
      parts.append(isEmpty ? nil : try expression())
      guard take(symbol: ":") else { break }
      isSlice = true
    }
    try expect(symbol: "]")
    if isSlice, parts.count <= 3 {
      return .slice(value, parts[0], parts[1], parts.count == 3 ? parts[2] : nil)
    }
    guard !isSlice, let key = parts[0] else { throw unexpected("an index or a slice of at most three parts") }
    return .item(value, key)
  }

  private mutating func filtered(_ start: TemplateExpression) throws(TemplateError) -> TemplateExpression {
    var value = start
    while true {
      let line = here
      if take(symbol: "|") {
        let filter = try name("a filter's name")
        let call = take(symbol: "(") ? try arguments() : TemplateCallSyntax()
        value = TemplateExpression(kind: .filter(value, filter, call), line: line)
      } else if take(name: "is") {
        value = try test(of: value, line: line)
      } else if next?.kind == .symbol("(") {
        index += 1
        value = TemplateExpression(kind: .call(value, try arguments()), line: line)
      } else {
        return value
      }
    }
  }

  private mutating func test(of value: TemplateExpression, line: Int) throws(TemplateError) -> TemplateExpression {
    let isNegated = take(name: "not")
    let test = try name("a test's name")
    var call = TemplateCallSyntax()
    if take(symbol: "(") {
      call = try arguments()
    } else if hasBareArgument {
      call.positional = [try postfix(try primary())]
    }
    let expression = TemplateExpression(kind: .test(value, test, call), line: line)
    return isNegated ? TemplateExpression(kind: .not(expression), line: line) : expression
  }

  /// True where a test's argument follows without parentheses, as in `is divisibleby 3`.
  private var hasBareArgument: Bool {
    switch next?.kind {
    case .name(let name): !["else", "or", "and", "is", "if", "in", "not"].contains(name)
    case .integer, .number, .string, .symbol("["), .symbol("{"): true
    default: false
    }
  }
}
