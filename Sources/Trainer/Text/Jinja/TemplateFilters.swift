/// Filters of a value: `value | name(arguments)`.
struct TemplateFilters {
  let budget: TemplateBudget

  private var methods: TemplateMethods { TemplateMethods(budget: budget) }

  func apply(
    _ name: String, to value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    switch name {
    case "map", "select", "reject", "selectattr", "rejectattr":
      return try TemplateItemFilters(budget: budget).apply(name, to: value, arguments)
    case "format":
      guard arguments.positional.isEmpty || arguments.named.entries.isEmpty else {
        throw TemplateFault("format takes values in order or by name, not both")
      }
      let values =
        arguments.named.entries.isEmpty ? .tuple(arguments.positional) : TemplateValue.dictionary(arguments.named)
      return .string(try TemplatePercentFormat.apply(try value.printed(budget), to: values, budget))
    default: break
    }
    guard let parameters = TemplateSignatures.filters[name] else {
      throw TemplateFault("the filter '\(name)' is not supported")
    }
    try TemplateSignatures.check(arguments, parameters, name)
    switch name {
    case "default", "d":
      let isMissing: Bool
      if case .undefined = value { isMissing = true } else { isMissing = false }
      let replaces = arguments.truth(1, "boolean") ?? false
      return isMissing || (replaces && !value.isTrue) ? arguments.value(0, "default_value") ?? .text("") : value
    case "wordcount":
      let words = try scanned(try value.printed(budget)).unicodeScalars.split { !$0.isPythonWord }
      return .integer(words.count)
    case "length", "count": return .integer(try length(of: value))
    case "items":
      if case .undefined = value { return .list([]) }
      guard case .dictionary = value else { throw TemplateFault("items of \(value.kindName), which is no mapping") }
      return try methods.call("items", on: value, arguments)
    case "tojson": return .string(try value.json(try TemplateJSONStyle(arguments, budget), budget))
    case "int", "float", "abs", "round":
      return try TemplateNumberFilters(budget: budget).apply(name, to: value, arguments)
    case "first", "last", "list", "reverse", "join", "sum", "sort", "unique", "min", "max", "dictsort", "groupby",
      "batch",
      "slice":
      return try TemplateListFilters(budget: budget).apply(name, to: value, arguments)
    default: return .string(try text(name, value, arguments))
    }
  }

  private func length(of value: TemplateValue) throws(TemplateFault) -> Int {
    if let elements = value.elements { return elements.count }
    switch value {
    case .string(let text): return try budget.plain(text).unicodeScalars.count
    case .dictionary(let dictionary): return dictionary.entries.count
    case .undefined: return 0
    case .loop(let state): return state.items.count
    default: throw TemplateFault("\(value.kindName) has no length")
    }
  }

  // MARK: - Text

  /// Applies a filter that makes text of text.
  private func text(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateText {
    if name == "indent" || name == "truncate" {
      guard case .string = value else { throw TemplateFault("\(name) of \(value.kindName), which is no string") }
    }
    let text = try value.printed(budget)
    switch name {
    case "string": return text
    case "safe": return text.markup(true)
    case "escape", "e": return try text.escaped(budget)
    case "indent": return try indented(text, arguments)
    case "title": return try text.derived(PythonString.titledWords(scanned(text))).markup(false)
    case "truncate": return try truncated(text, arguments)
    case "center":
      let width = try arguments.integer(0, "width") ?? 80
      return try method("center", text, TemplateArguments(positional: [.integer(width)]))
    case "replace": return try method("replace", text.markup(false), arguments)
    case "trim": return try method("strip", text, arguments)
    default: return try method(name, text, arguments)
    }
  }

  private func method(
    _ name: String, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateText {
    guard case .string(let result) = try methods.call(name, on: .string(text), arguments) else { return text }
    return result
  }

  /// The plain text, counted for a change of case, where some letters become up to three times as long, or for a look
  /// at each character's properties.
  private func scanned(_ text: TemplateText) throws(TemplateFault) -> String {
    let plain = try budget.plain(text)
    try budget.spend(bytes: plain.utf8.count, times: 4)
    return plain
  }

  private func indented(
    _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateText {
    let lines = try PythonString.splitLines(try budget.plain(text) + "\n", budget)
    let indentation: String
    if case .string(let given)? = arguments.value(0, "width") {
      indentation = try budget.plain(given)
    } else {
      let width = try arguments.integer(0, "width") ?? 4
      try budget.spend(bytes: max(width, 0))
      indentation = String(repeating: " ", count: max(width, 0))
    }
    try budget.spend(bytes: indentation.utf8.count, times: lines.count)
    let isFirstToo = arguments.truth(1, "first") ?? false
    let areBlanksToo = arguments.truth(2, "blank") ?? false
    let indented = lines.enumerated().map { index, line in
      (index == 0 ? isFirstToo : areBlanksToo || !line.isEmpty) ? indentation + line : line
    }
    return text.derived(indented.joined(separator: "\n"))
  }

  private func truncated(
    _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateText {
    let length = try arguments.integer(0, "length") ?? 255
    let end = try arguments.string(2, "end", budget) ?? "..."
    let leeway = try arguments.integer(3, "leeway") ?? 5
    guard length >= end.unicodeScalars.count, leeway >= 0 else {
      throw TemplateFault("truncate to \(length) characters, which do not hold '\(end)'")
    }
    let plain = try budget.plain(text)
    let (sum, overflows) = length.addingReportingOverflow(leeway)
    guard !overflows, plain.unicodeScalars.count > sum else { return text }
    let kept = plain.unicodeScalars.prefix(length - end.unicodeScalars.count)
    let isExact = arguments.truth(1, "killwords") ?? false
    let words = kept.lastIndex(of: " ").map { isExact ? kept : kept[..<$0] } ?? kept
    return text.derived(String(String.UnicodeScalarView(words)) + end)
  }
}

extension TemplateText {
  /// The text with HTML's characters escaped, marked as HTML; one that is marked already stays as it is.
  func escaped(_ budget: TemplateBudget) throws(TemplateFault) -> TemplateText {
    guard !isMarkup else { return self }
    return derived(try PythonString.escapedForHTML(try budget.plain(self), budget)).markup(true)
  }
}

extension Unicode.Scalar {
  /// True for the characters of `\w` in Python's expressions.
  fileprivate var isPythonWord: Bool {
    if self == "_" || properties.numericType != nil { return true }
    return switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}
