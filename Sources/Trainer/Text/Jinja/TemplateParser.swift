/// Parser: chunks → statements.
struct TemplateParser {
  private let chunks: [TemplateChunk]
  private var index = 0
  /// Nesting of blocks, limited because the parser recurses.
  private var depth = 0
  private static let depthLimit = 100

  static func statements(of source: String) throws(TemplateError) -> [TemplateStatement] {
    var parser = TemplateParser(chunks: try TemplateLexer.chunks(of: source))
    let (statements, end) = try parser.block(until: [])
    if let end { throw end.unexpected("'\(end.word)' closes nothing that is open") }
    return statements
  }

  private init(chunks: [TemplateChunk]) { self.chunks = chunks }

  /// Tag that ended a block; its word is read.
  private struct End {
    let word: String
    let line: Int
    var rest: TemplateExpressionParser

    func unexpected(_ message: String) -> TemplateError { TemplateError(line: line, message: message) }
  }

  /// Reads statements up to a tag with one of the words; nil: to the template's end.
  private mutating func block(
    until words: Set<String>
  ) throws(TemplateError) -> (statements: [TemplateStatement], end: End?) {
    depth += 1
    defer { depth -= 1 }
    var statements: [TemplateStatement] = []
    while index < chunks.count {
      let chunk = chunks[index]
      index += 1
      switch chunk {
      case .text(let text):
        statements.append(TemplateStatement(kind: .text(text), line: 0))
      case .output(let tokens, let line):
        var parser = TemplateExpressionParser(tokens, line: line)
        let expression = try parser.tupleOrExpression()
        try parser.expectEnd()
        statements.append(TemplateStatement(kind: .output(expression), line: line))
      case .tag(let tokens, let line):
        guard depth < Self.depthLimit else {
          throw TemplateError(line: line, message: "blocks nest deeper than \(Self.depthLimit) levels")
        }
        var parser = TemplateExpressionParser(tokens, line: line)
        let word = try parser.name("a tag's name")
        if words.contains(word) { return (statements, End(word: word, line: line, rest: parser)) }
        if let kind = try statement(word, line: line, &parser) {
          statements.append(TemplateStatement(kind: kind, line: line))
        }
      }
    }
    return (statements, nil)
  }

  /// Reads a block that must be closed.
  private mutating func closed(
    _ opening: String, line: Int, until words: Set<String>
  ) throws(TemplateError) -> (statements: [TemplateStatement], end: End) {
    let (statements, end) = try block(until: words)
    guard let end else {
      throw TemplateError(line: line, message: "{% \(opening) %} is never closed: add {% end\(opening) %}")
    }
    return (statements, end)
  }

  private mutating func statement(
    _ word: String, line: Int, _ parser: inout TemplateExpressionParser
  ) throws(TemplateError) -> TemplateStatement.Kind? {
    switch word {
    case "if": return try condition(line: line, &parser)
    case "for": return try loop(line: line, &parser)
    case "set": return try assignment(line: line, &parser)
    case "macro": return try macro(line: line, &parser)
    case "break", "continue":
      try parser.expectEnd()
      return word == "break" ? .stop : .skip
    case "generation", "endgeneration":
      // Marks the assistant's turns for trainers that use the mark; `ConversationEncoder` finds supervised tokens
      // without it.
      try parser.expectEnd()
      return nil
    case "elif", "else", "endif", "endfor", "endset", "endmacro":
      throw TemplateError(line: line, message: "{% \(word) %} closes nothing that is open")
    default:
      throw TemplateError(
        line: line,
        message: "the tag {% \(word) %} is not supported: rewrite the template with if, for, set and macro")
    }
  }

  private mutating func condition(
    line: Int, _ parser: inout TemplateExpressionParser
  ) throws(TemplateError) -> TemplateStatement.Kind {
    var branches: [(test: TemplateExpression, body: [TemplateStatement])] = []
    var test = try parser.expression()
    try parser.expectEnd()
    while true {
      var (body, end) = try closed("if", line: line, until: ["elif", "else", "endif"])
      branches.append((test, body))
      switch end.word {
      case "elif":
        test = try end.rest.expression()
        try end.rest.expectEnd()
      case "else":
        let (otherwise, _) = try closed("if", line: line, until: ["endif"])
        return .condition(branches, otherwise: otherwise)
      default:
        return .condition(branches, otherwise: [])
      }
    }
  }

  private mutating func loop(
    line: Int, _ parser: inout TemplateExpressionParser
  ) throws(TemplateError) -> TemplateStatement.Kind {
    let isGrouped = parser.take(symbol: "(")
    var variables = [try parser.name("a loop's variable")]
    while parser.take(symbol: ",") { variables.append(try parser.name("a loop's variable")) }
    if isGrouped { try parser.expect(symbol: ")") }
    try parser.expect(name: "in")
    // Parsed without a conditional: an `if` here filters the items.
    let iterable = try parser.disjunction()
    let filter = parser.take(name: "if") ? try parser.expression() : nil
    try parser.expectEnd()
    let (body, end) = try closed("for", line: line, until: ["else", "endfor"])
    let otherwise = end.word == "else" ? try closed("for", line: line, until: ["endfor"]).statements : []
    return .loop(
      TemplateLoopSyntax(
        variables: variables, iterable: iterable, filter: filter, body: body, otherwise: otherwise))
  }

  private mutating func assignment(
    line: Int, _ parser: inout TemplateExpressionParser
  ) throws(TemplateError) -> TemplateStatement.Kind {
    let name = try parser.name("the name that set writes to")
    let target: TemplateTarget =
      parser.take(symbol: ".") ? .attribute(name, try parser.name("an attribute's name")) : .name(name)
    if parser.take(symbol: "=") {
      let value = try parser.tupleOrExpression()
      try parser.expectEnd()
      return .assign(target, value)
    }
    try parser.expectEnd()
    return .capture(target, try closed("set", line: line, until: ["endset"]).statements)
  }

  private mutating func macro(
    line: Int, _ parser: inout TemplateExpressionParser
  ) throws(TemplateError) -> TemplateStatement.Kind {
    let name = try parser.name("a macro's name")
    try parser.expect(symbol: "(")
    var parameters: [(name: String, fallback: TemplateExpression?)] = []
    while !parser.take(symbol: ")") {
      if !parameters.isEmpty { try parser.expect(symbol: ",") }
      let parameter = try parser.name("a parameter's name")
      parameters.append((parameter, parser.take(symbol: "=") ? try parser.expression() : nil))
    }
    try parser.expectEnd()
    let body = try closed("macro", line: line, until: ["endmacro"]).statements
    return .macro(TemplateMacro(name: name, parameters: parameters, body: body))
  }
}
