/// A token of an expression.
struct TemplateToken: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    case name(String)
    case integer(Int)
    case number(Double)
    case string(String)
    case symbol(String)
  }

  let kind: Kind
  /// Line of the template, from 1.
  let line: Int

  /// The name, or the text of a string; nil for any other token.
  var word: String? {
    switch kind {
    case .name(let word), .string(let word): word
    case .integer, .number, .symbol: nil
    }
  }

  /// The token as errors show it.
  var shown: String {
    switch kind {
    case .name(let name): name
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let text): "'\(text.prefix(20))'"
    case .symbol(let symbol): symbol
    }
  }
}

/// A piece of a template between delimiters.
enum TemplateChunk: Sendable {
  case text(String)
  /// `{{ … }}`
  case output([TemplateToken], line: Int)
  /// `{% … %}`
  case tag([TemplateToken], line: Int)

  /// Tokens between the delimiters; none for text.
  var tokens: [TemplateToken] {
    switch self {
    case .text: []
    case .output(let tokens, _), .tag(let tokens, _): tokens
    }
  }
}
