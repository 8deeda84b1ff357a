extension TemplateValue {
  /// The value as `{{ … }}` prints it: Python's `str`.
  func printed(_ budget: TemplateBudget) throws(TemplateFault) -> TemplateText {
    if case .string(let text) = self { return text }
    if case .undefined = self { return TemplateText() }
    return try representation(budget)
  }

  /// Python's `repr` of the value.
  func representation(_ budget: TemplateBudget) throws(TemplateFault) -> TemplateText {
    var writer = TemplateWriter(budget)
    try writer.writeRepresentation(self)
    return writer.written
  }
}

/// Writes values as text. Every value and byte is counted in the budget before it is written: lists may share their
/// items, so that a few of them print as billions.
private struct TemplateWriter {
  private let budget: TemplateBudget
  private var text = ""
  /// Origin of all the keys and strings inside.
  private var origin = TemplateOrigin.template

  init(_ budget: TemplateBudget) { self.budget = budget }

  var written: TemplateText { TemplateText(text, origin) }

  private mutating func write(_ part: String) throws(TemplateFault) {
    try budget.spend(bytes: part.utf8.count)
    text += part
  }

  /// Writes Python's `repr` of a value, as inside a printed list.
  mutating func writeRepresentation(_ value: TemplateValue) throws(TemplateFault) {
    try budget.spend(steps: 1)
    switch value {
    case .undefined: try write("Undefined")
    case .none: try write("None")
    case .boolean(let value): try write(value ? "True" : "False")
    case .integer(let value): try write("\(value)")
    case .number(let value): try write(PythonNumber.shown(value))
    case .string(let text):
      origin.add(text.origin)
      try writeQuoted(try budget.plain(text))
    case .list(let items): try writeItems(items, "[", "]")
    case .tuple, .group:
      let items = value.elements ?? []
      try writeItems(items, "(", items.count == 1 ? ",)" : ")")
    case .dictionary(let dictionary):
      if !dictionary.entries.isEmpty { origin.add(dictionary.keyOrigin) }
      try write("{")
      for (index, entry) in dictionary.entries.enumerated() {
        if index > 0 { try write(", ") }
        try writeQuoted(entry.key)
        try write(": ")
        try writeRepresentation(entry.value)
      }
      try write("}")
    case .namespace:
      // Counts as content unseen: a namespace may hold itself, so its values are not visited.
      origin.add(.content())
      try write("<Namespace>")
    case .loop: try write("<LoopContext>")
    case .function: try write("<function>")
    }
  }

  private mutating func writeItems(
    _ items: [TemplateValue], _ opening: String, _ closing: String
  ) throws(TemplateFault) {
    try write(opening)
    for (index, item) in items.enumerated() {
      if index > 0 { try write(", ") }
      try writeRepresentation(item)
    }
    try write(closing)
  }

  /// Writes a text in single quotes, or in double ones where it holds single quotes alone.
  private mutating func writeQuoted(_ string: String) throws(TemplateFault) {
    // Each byte may need three more to be escaped.
    try budget.spend(bytes: 4 * string.utf8.count + 2)
    let quote: Unicode.Scalar = string.contains("'") && !string.contains("\"") ? "\"" : "'"
    text.unicodeScalars.append(quote)
    for scalar in string.unicodeScalars {
      switch scalar {
      case quote, "\\": text += "\\" + String(scalar)
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where !scalar.isPythonPrintable: text += PythonString.escaped(scalar)
      default: text.unicodeScalars.append(scalar)
      }
    }
    text.unicodeScalars.append(quote)
  }
}
