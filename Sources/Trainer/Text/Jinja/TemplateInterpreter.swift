import Foundation

/// Runs a template's statements.
///
/// A template comes from a model's files, so its depth is limited, and its budget limits steps and bytes.
final class TemplateInterpreter {
  /// Control flow after a statement: go on, continue the loop, or break it.
  enum Flow {
    case goOn
    case skip
    case stop
  }

  /// Deepest nesting of blocks, expressions and macro calls.
  private static let depthLimit = 250

  /// Variables, the innermost scope last.
  var scopes: [[String: TemplateValue]]
  private var output = TemplateText()
  private var depth = 0
  /// Values to empty one by one at the end.
  private var references: [any TemplateReference] = []
  /// Line of the last step, for faults without a line of their own.
  private var lastLine = 1
  let budget: TemplateBudget
  let now: Date

  init(variables: [String: TemplateValue], budget: TemplateBudget, now: Date) {
    scopes = [variables]
    self.budget = budget
    self.now = now
  }

  deinit {
    for reference in references { reference.release() }
  }

  /// Runs a whole template.
  func render(_ statements: [TemplateStatement]) throws(TemplateError) -> TemplateText {
    _ = try run(statements)
    return output
  }

  // MARK: - Bounds

  func step(line: Int) throws(TemplateError) {
    if line > 0 { lastLine = line }
    try located(line) { () throws(TemplateFault) in try budget.spend(steps: 1) }
  }

  /// Runs `body` one level deeper.
  func deeper<Result>(line: Int, _ body: () throws(TemplateError) -> Result) throws(TemplateError) -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else {
      throw TemplateError(
        line: line > 0 ? line : lastLine,
        message: "blocks, expressions or macros nest deeper than \(Self.depthLimit) levels")
    }
    return try body()
  }

  /// Keeps a value to empty it at the end.
  func keep(_ reference: any TemplateReference) throws(TemplateFault) {
    try budget.spend(values: 1)
    references.append(reference)
  }

  /// Returns a value; throws where its lists and mappings nest too deep.
  func checked(_ value: TemplateValue, line: Int) throws(TemplateError) -> TemplateValue {
    try located(line) { () throws(TemplateFault) in try value.checkLevels(in: budget) }
    return value
  }

  /// The text without its marks, counted as read.
  func plain(_ text: TemplateText, line: Int) throws(TemplateError) -> String {
    try located(line) { () throws(TemplateFault) in try budget.plain(text) }
  }

  func print(_ text: TemplateText, line: Int) throws(TemplateError) {
    try located(line) { () throws(TemplateFault) in try budget.spend(text) }
    output.append(text)
  }

  // MARK: - Variables

  func value(of name: String) throws(TemplateFault) -> TemplateValue? {
    try budget.spend(lookupOf: name, among: scopes.count)
    for scope in scopes.reversed() {
      if let value = scope[name] { return value }
    }
    return nil
  }

  /// Writes a value to a target; a tuple's names take the parts of the value.
  func set(_ target: TemplateTarget, to value: TemplateValue, line: Int) throws(TemplateError) {
    switch target {
    case .name(let name): scopes[scopes.count - 1][name] = value
    case .attribute(let name, let attribute):
      try located(line) { () throws(TemplateFault) in
        guard case .namespace(let namespace)? = try self.value(of: name) else {
          throw TemplateFault(
            "set writes to \(name).\(attribute), but '\(name)' is no namespace(): make it one first")
        }
        try namespace.set(attribute, to: value, budget)
      }
    case .tuple(let targets):
      let parts = try located(line) { () throws(TemplateFault) in
        let parts = try value.items(budget)
        guard parts.count == targets.count else {
          throw TemplateFault("\(targets.count) names stand for \(parts.count) parts of \(value.kindName)")
        }
        return parts
      }
      for (target, part) in zip(targets, parts) { try set(target, to: part, line: line) }
    }
  }

  // MARK: - Statements

  func run(_ statements: [TemplateStatement]) throws(TemplateError) -> Flow {
    try deeper(line: statements.first?.line ?? 0) { () throws(TemplateError) in
      for statement in statements {
        try step(line: statement.line)
        let flow = try run(statement)
        if flow != .goOn { return flow }
      }
      return .goOn
    }
  }

  private func run(_ statement: TemplateStatement) throws(TemplateError) -> Flow {
    switch statement.kind {
    case .text(let text): try print(TemplateText(text), line: statement.line)
    case .output(let expression):
      try print(try evaluate(expression), line: statement.line)
    case .condition(let branches, let otherwise):
      for branch in branches where try evaluate(branch.test).isTrue { return try run(branch.body) }
      return try run(otherwise)
    case .loop(let loop):
      return try run(loop, over: try evaluate(loop.iterable), depth: 0, line: statement.line)
    case .assign(let target, let expression):
      try set(target, to: try evaluate(expression), line: statement.line)
    case .capture(let target, let filters, let body):
      let (text, flow) = try captured(body)
      guard flow == .goOn else { return flow }
      try set(target, to: try filtered(text, filters, line: statement.line), line: statement.line)
    case .filtered(let filters, let body):
      let (text, flow) = try captured(body)
      guard flow == .goOn else { return flow }
      try print(try filtered(text, filters, line: statement.line), line: statement.line)
    case .with(let variables, let body):
      let values = try variables.map { variable throws(TemplateError) in try evaluate(variable.value) }
      return try inScope([:]) { () throws(TemplateError) in
        for (variable, value) in zip(variables, values) { try set(variable.target, to: value, line: statement.line) }
        return try run(body)
      }
    case .macro(let macro):
      scopes[scopes.count - 1][macro.name] = try closure(macro, line: statement.line)
    case .callBlock(let callee, let syntax, let caller):
      try print(try call(callee, syntax, caller: caller, line: statement.line), line: statement.line)
    case .generation(let body):
      let (text, flow) = try captured(body)
      guard flow == .goOn else { return flow }
      try print(text.asGenerated(), line: statement.line)
    case .stop: return .stop
    case .skip: return .skip
    }
    return .goOn
  }

  /// Prints a value.
  private func print(_ value: TemplateValue, line: Int) throws(TemplateError) {
    try print(try located(line) { () throws(TemplateFault) in try value.printed(budget) }, line: line)
  }

  /// Runs `body` with variables of its own.
  func inScope<Result>(
    _ scope: [String: TemplateValue], _ body: () throws(TemplateError) -> Result
  ) throws(TemplateError) -> Result {
    scopes.append(scope)
    defer { scopes.removeLast() }
    return try body()
  }

  /// The output of a body, kept out of the template's output; the body's variables stay its own.
  func captured(_ body: [TemplateStatement]) throws(TemplateError) -> (text: TemplateText, flow: Flow) {
    try captured { () throws(TemplateError) in
      try inScope([:]) { () throws(TemplateError) in try run(body) }
    }
  }

  /// The output of `body`, kept out of the template's output.
  func captured(_ body: () throws(TemplateError) -> Flow) throws(TemplateError) -> (text: TemplateText, flow: Flow) {
    let outer = output
    output = TemplateText()
    defer { output = outer }
    let flow = try body()
    return (output, flow)
  }

  /// A block's text after its filters, from the left.
  private func filtered(
    _ text: TemplateText, _ filters: [TemplateFilterSyntax], line: Int
  ) throws(TemplateError) -> TemplateValue {
    var value = TemplateValue.string(text)
    for filter in filters {
      let arguments = try arguments(filter.call)
      let input = value
      value = try located(line) { () throws(TemplateFault) in
        try TemplateFilters(budget: budget).apply(filter.name, to: input, arguments)
      }
    }
    return value
  }

  /// Runs `body`; a fault becomes an error at `line`.
  func located<Result>(
    _ line: Int, _ body: () throws(TemplateFault) -> Result
  ) throws(TemplateError) -> Result {
    do {
      return try body()
    } catch {
      throw TemplateError(line: line > 0 ? line : lastLine, message: error.message)
    }
  }
}
