/// Lexer: a template's source → chunks.
///
/// White space follows the settings by which Hugging Face renders chat templates: `trim_blocks` (the newline after a
/// tag goes) and `lstrip_blocks` (blanks before a tag that begins its line go); `-` beside a delimiter drops all white
/// space on that side, `+` keeps it.
struct TemplateLexer {
  private var cursor: TemplateCursor
  private var chunks: [TemplateChunk] = []
  /// Text since the last delimiter.
  private var text = String.UnicodeScalarView()
  /// True where that text begins a line of the template.
  private var beginsLine = true

  /// Most tokens of a tag: a longer chain of operators would nest too deep for the stack.
  private static let tokenLimit = 4000

  static func chunks(of source: String) throws(TemplateError) -> [TemplateChunk] {
    var lexer = TemplateLexer(source)
    try lexer.scan()
    return lexer.chunks
  }

  private init(_ source: String) {
    // Every line end becomes one newline; a final one is dropped, as Jinja does.
    var scalars: [Unicode.Scalar] = []
    for scalar in source.unicodeScalars {
      if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
      scalars.append(scalar)
    }
    scalars = scalars.map { $0 == "\r" ? "\n" : $0 }
    if scalars.last == "\n" { scalars.removeLast() }
    cursor = TemplateCursor(scalars)
  }

  private mutating func scan() throws(TemplateError) {
    while let scalar = cursor.peek {
      guard scalar == "{", let second = cursor.peek(1), "{%#".unicodeScalars.contains(second) else {
        text.append(scalar)
        cursor.advance()
        continue
      }
      let line = cursor.line
      if let tag = cursor.lengthOfTag("raw"), tag.sign != "+" {
        try readRaw(tag, line: line)
        continue
      }
      cursor.advance(2)
      closeText(isOutput: second == "{")
      switch second {
      case "{": chunks.append(.output(try tokens(until: "}"), line: line))
      case "%": chunks.append(.tag(try tokens(until: "%"), line: line))
      default: try skipComment(from: line)
      }
    }
    if !text.isEmpty { chunks.append(.text(String(text))) }
  }

  /// Ends the text before a delimiter, and reads the delimiter's sign.
  private mutating func closeText(isOutput: Bool) {
    let sign = cursor.peek
    if sign == "-" {
      while let last = text.last, last.isPythonSpace { text.removeLast() }
      cursor.advance()
    } else if sign == "+" {
      cursor.advance()
    } else if !isOutput {
      stripIndentation()
    }
    if !text.isEmpty { chunks.append(.text(String(text))) }
    text = String.UnicodeScalarView()
  }

  /// Drops the white space before the tag, where it alone stands between the line's start and the tag.
  private mutating func stripIndentation() {
    let start = text.lastIndex(of: "\n").map { text.index(after: $0) }
    guard start != nil || beginsLine else { return }
    let indentation = text[(start ?? text.startIndex)...]
    if indentation.allSatisfy({ $0.isPythonSpace }) { text.removeSubrange(indentation.startIndex...) }
  }

  /// Skips the white space after a closed delimiter, as its sign or `trim_blocks` says.
  /// - Parameter sign: the sign before the delimiter's end.
  private mutating func afterDelimiter(sign: Unicode.Scalar?, isOutput: Bool) {
    beginsLine = false
    if sign == "-" {
      while let scalar = cursor.peek, scalar.isPythonSpace {
        beginsLine = scalar == "\n"
        cursor.advance()
      }
    } else if sign != "+", !isOutput, cursor.peek == "\n" {
      beginsLine = true
      cursor.advance()
    }
  }

  /// Reads a `{% raw %}` block, whose text stands as it is.
  /// - Parameter opening: length of its tag up to the end, and the end's sign.
  private mutating func readRaw(
    _ opening: (beforeEnd: Int, sign: Unicode.Scalar?), line: Int
  ) throws(TemplateError) {
    skipTag(opening)
    beginsLine = false
    // Only `-` drops white space here: Jinja keeps the newline after `{% raw %}`.
    if opening.sign == "-" { afterDelimiter(sign: "-", isOutput: false) }
    while let scalar = cursor.peek {
      if scalar == "{", let end = cursor.lengthOfTag("endraw") {
        skipTag(end)
        return afterDelimiter(sign: end.sign, isOutput: false)
      }
      text.append(scalar)
      cursor.advance()
    }
    throw TemplateError(line: line, message: "{% raw %} is never closed: add {% endraw %}")
  }

  /// Ends the text before a tag, and skips the tag.
  private mutating func skipTag(_ tag: (beforeEnd: Int, sign: Unicode.Scalar?)) {
    let hasSign = cursor.peek(2) == "-" || cursor.peek(2) == "+"
    cursor.advance(2)
    closeText(isOutput: false)
    cursor.advance(tag.beforeEnd - (hasSign ? 3 : 2) + 2)
  }

  private mutating func skipComment(from line: Int) throws(TemplateError) {
    while let scalar = cursor.peek {
      if scalar == "#", cursor.peek(1) == "}" {
        let sign = cursor.previous
        cursor.advance(2)
        return afterDelimiter(sign: sign == "-" || sign == "+" ? sign : nil, isOutput: false)
      }
      cursor.advance()
    }
    throw TemplateError(line: line, message: "a comment {# is never closed: add #}")
  }

  /// Reads the tokens up to the delimiter's end.
  /// - Parameter end: `}` of `}}`, or `%` of `%}`.
  private mutating func tokens(until end: Unicode.Scalar) throws(TemplateError) -> [TemplateToken] {
    let start = cursor.line
    var tokens: [TemplateToken] = []
    // A brace that closes a dictionary is not the end of the expression.
    var openBraces = 0
    while true {
      cursor.skipSpace()
      guard let scalar = cursor.peek else {
        throw TemplateError(line: start, message: "{\(end == "%" ? "%" : "{") is never closed: add its end")
      }
      let sign: Unicode.Scalar? = scalar == "-" || (scalar == "+" && end == "%") ? scalar : nil
      let ahead = sign == nil ? 0 : 1
      if openBraces == 0, cursor.peek(ahead) == end, cursor.peek(ahead + 1) == "}" {
        cursor.advance(ahead + 2)
        afterDelimiter(sign: sign, isOutput: end == "}")
        return tokens
      }
      let token = try cursor.token()
      if token.kind == .symbol("{") { openBraces += 1 }
      if token.kind == .symbol("}") { openBraces -= 1 }
      tokens.append(token)
      guard tokens.count <= Self.tokenLimit else {
        throw TemplateError(line: start, message: "a tag holds more than \(Self.tokenLimit) words: is its end missing?")
      }
    }
  }
}
