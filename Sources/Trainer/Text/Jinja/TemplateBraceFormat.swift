/// Python's `format.format(values…)`, with attributes and items looked up as in templates.
///
/// Text of the format stays apart from text of the values, so that a message's content stays marked.
struct TemplateBraceFormat {
  private let arguments: TemplateArguments
  private let budget: TemplateBudget
  /// Fields without a name so far; nil once one has a number.
  private var automatic: Int? = 0

  init(_ arguments: TemplateArguments, _ budget: TemplateBudget) {
    self.arguments = arguments
    self.budget = budget
  }

  /// The format with its values put in.
  func apply(to format: TemplateText) throws(TemplateFault) -> TemplateText {
    guard !format.isMarkup else {
      throw TemplateFault("format() on text marked safe is not supported: leave out 'safe'")
    }
    var formatter = self
    var rest = try budget.plain(format)[...].unicodeScalars
    return try formatter.text(&rest, format, nesting: 0)
  }

  /// Text of a format up to its end, or up to the brace that closes the field it stands in.
  private mutating func text(
    _ rest: inout Substring.UnicodeScalarView, _ format: TemplateText, nesting: Int
  ) throws(TemplateFault) -> TemplateText {
    var result = TemplateText()
    var literal = ""
    while let scalar = rest.first, nesting == 0 || scalar != "}" {
      rest.removeFirst()
      if scalar == "{" || scalar == "}", nesting == 0, rest.first == scalar {
        rest.removeFirst()
        literal.unicodeScalars.append(scalar)
      } else if scalar == "}" {
        throw TemplateFault("format() finds a single '}': write '}}'")
      } else if scalar == "{" {
        guard nesting < 2 else { throw TemplateFault("format() with fields that nest deeper than 2 levels") }
        result.append(format.derived(literal))
        literal = ""
        let text = try field(&rest, format, nesting: nesting)
        try budget.spend(text)
        result.append(text)
      } else {
        literal.unicodeScalars.append(scalar)
      }
    }
    result.append(format.derived(literal))
    return result
  }

  /// Reads a field after its opening brace, and writes its value.
  private mutating func field(
    _ rest: inout Substring.UnicodeScalarView, _ format: TemplateText, nesting: Int
  ) throws(TemplateFault) -> TemplateText {
    var name = String.UnicodeScalarView()
    var isBracketed = false
    while let scalar = rest.first, isBracketed || !"!:}".unicodeScalars.contains(scalar) {
      isBracketed = scalar == "[" || (isBracketed && scalar != "]")
      name.append(scalar)
      rest.removeFirst()
    }
    var value = try self.value(of: String(name))
    if rest.first == "!" {
      rest.removeFirst()
      switch rest.popFirst() {
      case "s": value = .string(try value.printed(budget))
      case "r": value = .string(try value.representation(budget))
      case "a": value = .string(try value.asciiRepresentation(budget))
      default: throw TemplateFault("format() knows the conversions !s, !r and !a")
      }
    }
    var specification = ""
    if rest.first == ":" {
      rest.removeFirst()
      specification = try budget.plain(try text(&rest, format, nesting: nesting + 1))
    }
    guard rest.popFirst() == "}" else { throw TemplateFault("format() finds '{' without '}': write '{{'") }
    guard !specification.isEmpty else { return try value.printed(budget).markup(false) }
    return try TemplateFormatSpec(specification).apply(to: value, budget)
  }

  private mutating func value(of field: String) throws(TemplateFault) -> TemplateValue {
    let first = field.prefix { $0 != "." && $0 != "[" }
    var value: TemplateValue
    if let index = try index(of: first) {
      guard index < arguments.positional.count else { throw TemplateFault("format() lacks a value {\(index)}") }
      value = arguments.positional[index]
    } else {
      guard let named = try arguments.named.value(of: String(first), budget) else {
        throw TemplateFault("format() lacks a value {\(first)}")
      }
      value = named
    }
    let access = TemplateAccess(budget: budget)
    var rest = field.dropFirst(first.count)
    while let opening = rest.popFirst() {
      if opening == "." {
        let name = rest.prefix { $0 != "." && $0 != "[" }
        rest = rest.dropFirst(name.count)
        value = try access.attribute(String(name), of: value)
      } else {
        let key = rest.prefix { $0 != "]" }
        guard opening == "[", !key.isEmpty, rest.count > key.count else {
          throw TemplateFault("format() cannot read the field '\(field)'")
        }
        rest = rest.dropFirst(key.count + 1)
        value = try access.item(Int(key).map { .integer($0) } ?? .text(String(key)), of: value)
      }
    }
    return value
  }

  /// Place of a field among the positional values; nil for a named one.
  private mutating func index(of name: Substring) throws(TemplateFault) -> Int? {
    if name.isEmpty {
      guard let index = automatic else { throw TemplateFault("format() with both {} and {0}") }
      automatic = index + 1
      return index
    }
    guard let index = Int(name), index >= 0 else { return nil }
    guard automatic == 0 || automatic == nil else { throw TemplateFault("format() with both {} and {0}") }
    automatic = nil
    return index
  }
}
