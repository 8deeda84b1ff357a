/// Parser: chunks → statements.
struct TemplateParser {
  private let chunks: [TemplateChunk]
  private var index = 0
  /// Nesting of blocks, limited because the parser recurses.
  private var depth = 0
  /// Loops around the place, up to the nearest macro: `break` and `continue` need one.
  private var loops = 0
  private static let depthLimit = 100

  static func statements(of chunks: [TemplateChunk]) throws(TemplateError) -> [TemplateStatement] {
    var parser = TemplateParser(chunks: chunks)
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
    case "macro":
      let name = try parser.name("a macro's name")
      try parser.expect(symbol: "(")
      return .macro(try macro(name, parameters: try parser.parameters(), "macro", line: line, &parser))
    case "call":
      let parameters = parser.take(symbol: "(") ? try parser.parameters() : []
      guard case .call(let callee, let syntax) = try parser.expression().kind else {
        throw TemplateError(line: line, message: "{% call %} needs a call: a macro's name and its arguments")
      }
      return .callBlock(
        callee, syntax, caller: try macro("caller", parameters: parameters, "call", line: line, &parser))
    case "filter":
      let filters = try parser.filters()
      try parser.expectEnd()
      return .filtered(filters, try closed("filter", line: line, until: ["endfilter"]).statements)
    case "with": return try with(line: line, &parser)
    case "break", "continue":
      try parser.expectEnd()
      guard loops > 0 else { throw TemplateError(line: line, message: "{% \(word) %} stands outside of a loop") }
      return word == "break" ? .stop : .skip
    case "generation":
      // Marks the assistant's words, as transformers' own extension does.
      try parser.expectEnd()
      return .generation(try functionBody("generation", line: line))
    case "elif", "else", "endif", "endfor", "endset", "endmacro", "endcall", "endfilter", "endwith", "endgeneration",
      "endraw":
      throw TemplateError(line: line, message: "{% \(word) %} closes nothing that is open")
    default:
      throw TemplateError(
        line: line,
        message: "the tag {% \(word) %} is not supported: rewrite the template with if, for, set, with and macro")
    }
  }

  private mutating func condition(
    line: Int, _ parser: inout TemplateExpressionParser
  ) throws(TemplateError) -> TemplateStatement.Kind {
    var branches: [(test: TemplateExpression, body: [TemplateStatement])] = []
    var test = try parser.tupleOrExpression(isConditional: false)
    try parser.expectEnd()
    while true {
      var (body, end) = try closed("if", line: line, until: ["elif", "else", "endif"])
      branches.append((test, body))
      switch end.word {
      case "elif":
        test = try end.rest.tupleOrExpression(isConditional: false)
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
    let target = try parser.target(mayHaveAttribute: false)
    try parser.expect(name: "in")
    // Parsed without a conditional: an `if` here filters the items.
    let iterable = try parser.tupleOrExpression(isConditional: false)
    let filter = parser.take(name: "if") ? try parser.expression() : nil
    let isRecursive = parser.take(name: "recursive")
    try parser.expectEnd()
    loops += 1
    let (body, end) = try closed("for", line: line, until: ["else", "endfor"])
    loops -= 1
    let otherwise = end.word == "else" ? try closed("for", line: line, until: ["endfor"]).statements : []
    return .loop(
      TemplateLoopSyntax(
        target: target, iterable: iterable, filter: filter, isRecursive: isRecursive, body: body, otherwise: otherwise))
  }

  private mutating func assignment(
    line: Int, _ parser: inout TemplateExpressionParser
  ) throws(TemplateError) -> TemplateStatement.Kind {
    let target = try parser.target(mayHaveAttribute: true)
    if parser.take(symbol: "=") {
      let value = try parser.tupleOrExpression()
      try parser.expectEnd()
      return .assign(target, value)
    }
    let filters = parser.take(symbol: "|") ? try parser.filters() : []
    try parser.expectEnd()
    return .capture(target, filters, try closed("set", line: line, until: ["endset"]).statements)
  }

  private mutating func with(
    line: Int, _ parser: inout TemplateExpressionParser
  ) throws(TemplateError) -> TemplateStatement.Kind {
    var variables: [(target: TemplateTarget, value: TemplateExpression)] = []
    while !parser.isAtEnd {
      if !variables.isEmpty { try parser.expect(symbol: ",") }
      let name = try parser.name("a name to write to")
      try parser.expect(symbol: "=")
      variables.append((.name(name), try parser.expression()))
    }
    return .with(variables, try closed("with", line: line, until: ["endwith"]).statements)
  }

  /// Body of a block that runs like a function of its own: loops around it do not reach into it.
  private mutating func functionBody(_ word: String, line: Int) throws(TemplateError) -> [TemplateStatement] {
    let outer = loops
    loops = 0
    defer { loops = outer }
    return try closed(word, line: line, until: ["end" + word]).statements
  }

  private mutating func macro(
    _ name: String, parameters: [(name: String, fallback: TemplateExpression?)], _ word: String, line: Int,
    _ parser: inout TemplateExpressionParser
  ) throws(TemplateError) -> TemplateMacro {
    try parser.expectEnd()
    let start = index
    let body = try functionBody(word, line: line)
    var extras = Set<String>()
    for chunk in chunks[start..<index] {
      for case .name(let name) in chunk.tokens.map(\.kind) where ["caller", "varargs", "kwargs"].contains(name) {
        extras.insert(name)
      }
    }
    return TemplateMacro(name: name, parameters: parameters, body: body, extras: extras)
  }
}
