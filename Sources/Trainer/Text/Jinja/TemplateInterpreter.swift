import Foundation

/// Runs a template's statements.
///
/// A template comes from a model's files, so its depth is limited, and its budget limits steps and bytes.
final class TemplateInterpreter {
  /// Control flow after a statement: go on, continue the loop, or break it.
  private enum Flow {
    case goOn
    case skip
    case stop
  }

  /// Deepest nesting of blocks, expressions and macro calls.
  private static let depthLimit = 250

  /// Variables, the innermost scope last.
  private var scopes: [[String: TemplateValue]]
  private var output = TemplateText()
  private var depth = 0
  /// Every namespace made, emptied one by one at the end: a namespace that holds itself would leak, and freeing a long
  /// chain would overflow the stack.
  private var namespaces: [TemplateNamespace] = []
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
    for namespace in namespaces { namespace.values = TemplateDictionary() }
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

  /// Makes a namespace.
  func namespace(_ values: TemplateDictionary) throws(TemplateFault) -> TemplateValue {
    try budget.spend(values: 1)
    let namespace = TemplateNamespace()
    namespace.values = values
    namespaces.append(namespace)
    return .namespace(namespace)
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

  private func print(_ text: TemplateText, line: Int) throws(TemplateError) {
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

  private func set(_ target: TemplateTarget, to value: TemplateValue, line: Int) throws(TemplateError) {
    switch target {
    case .name(let name): scopes[scopes.count - 1][name] = value
    case .attribute(let name, let attribute):
      try located(line) { () throws(TemplateFault) in
        guard case .namespace(let namespace)? = try self.value(of: name) else {
          throw TemplateFault(
            "set writes to \(name).\(attribute), but '\(name)' is no namespace(): make it one first")
        }
        try budget.spend(lookupOf: attribute, among: namespace.values.entries.count)
        namespace.values[attribute] = value
      }
    }
  }

  // MARK: - Statements

  private func run(_ statements: [TemplateStatement]) throws(TemplateError) -> Flow {
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
      let value = try evaluate(expression)
      try print(
        try located(statement.line) { () throws(TemplateFault) in try value.printed(budget) }, line: statement.line)
    case .condition(let branches, let otherwise):
      for branch in branches where try evaluate(branch.test).isTrue { return try run(branch.body) }
      return try run(otherwise)
    case .loop(let loop): return try run(loop, line: statement.line)
    case .assign(let target, let expression):
      try set(target, to: try evaluate(expression), line: statement.line)
    case .capture(let target, let body):
      let (text, flow) = try captured(body)
      try set(target, to: .string(text), line: statement.line)
      return flow
    case .macro(let macro): scopes[scopes.count - 1][macro.name] = .function(.macro(macro))
    case .stop: return .stop
    case .skip: return .skip
    }
    return .goOn
  }

  /// The output of a body, kept out of the template's output.
  private func captured(_ body: [TemplateStatement]) throws(TemplateError) -> (text: TemplateText, flow: Flow) {
    let outer = output
    output = TemplateText()
    defer { output = outer }
    let flow = try run(body)
    return (output, flow)
  }

  private func run(_ loop: TemplateLoopSyntax, line: Int) throws(TemplateError) -> Flow {
    let iterable = try evaluate(loop.iterable)
    var items = try located(line) { () throws(TemplateFault) in try iterable.items(budget) }
    if let filter = loop.filter {
      var kept: [TemplateValue] = []
      for item in items {
        try step(line: line)
        scopes.append(try bindings(of: loop, to: item, line: line))
        defer { scopes.removeLast() }
        guard try evaluate(filter).isTrue else { continue }
        try located(line) { () throws(TemplateFault) in try budget.spend(copies: 1) }
        kept.append(item)
      }
      items = kept
    }
    guard !items.isEmpty else { return try run(loop.otherwise) }
    for (index, item) in items.enumerated() {
      try step(line: line)
      var scope = try bindings(of: loop, to: item, line: line)
      scope["loop"] = .loop(TemplateLoopState(items: items, index: index))
      scopes.append(scope)
      defer { scopes.removeLast() }
      if try run(loop.body) == .stop { break }
    }
    return .goOn
  }

  /// Variables of one iteration: the item under the loop's one name, or its parts under the loop's names.
  private func bindings(
    of loop: TemplateLoopSyntax, to item: TemplateValue, line: Int
  ) throws(TemplateError) -> [String: TemplateValue] {
    if loop.variables.count == 1 { return [loop.variables[0]: item] }
    guard case .list(let parts) = item, parts.count == loop.variables.count else {
      throw TemplateError(line: line, message: "an item does not have the \(loop.variables.count) parts that for names")
    }
    return Dictionary(zip(loop.variables, parts)) { $1 }
  }

  /// Runs a macro, which sees the template's top-level variables and its own arguments.
  func call(_ macro: TemplateMacro, _ arguments: TemplateArguments, line: Int) throws(TemplateError) -> TemplateValue {
    guard arguments.positional.count <= macro.parameters.count else {
      throw TemplateError(
        line: line, message: "the macro \(macro.name) takes at most \(macro.parameters.count) arguments")
    }
    return try deeper(line: line) { () throws(TemplateError) in
      let outer = scopes
      scopes = [outer[0], [:]]
      defer { scopes = outer }
      for (index, parameter) in macro.parameters.enumerated() {
        let fallback = try parameter.fallback.map { expression throws(TemplateError) in try evaluate(expression) }
        scopes[1][parameter.name] =
          arguments.value(index, parameter.name) ?? fallback ?? .undefined(parameter.name)
      }
      return .string(try captured(macro.body).text)
    }
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
