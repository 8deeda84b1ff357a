extension TemplateValue {
  /// The value as `{{ … }}` prints it: Python's `str`.
  func printed(_ budget: TemplateBudget) throws(TemplateFault) -> TemplateText {
    if case .string(let text) = self { return text }
    var writer = TemplateWriter(budget)
    try writer.writeRepresentation(self)
    return writer.written
  }

  /// The value as JSON, in the layout of Python's `json.dumps(ensure_ascii=False)`.
  /// - Parameter indent: spaces a level; nil: everything on one line.
  func json(indent: Int?, _ budget: TemplateBudget) throws(TemplateFault) -> TemplateText {
    guard (0...1000).contains(indent ?? 0) else {
      throw TemplateFault("tojson with an indent of \(indent ?? 0) spaces")
    }
    var writer = TemplateWriter(budget, indent: indent)
    try writer.writeJSON(self, level: 0)
    return writer.written
  }
}

/// Writes values as text. Every value and byte is counted in the budget before it is written: lists may share their
/// items, so that a few of them print as billions.
private struct TemplateWriter {
  private let budget: TemplateBudget
  private let indent: Int?
  private var text = ""
  /// True where a message's content is anywhere inside.
  private var hasContent = false

  init(_ budget: TemplateBudget, indent: Int? = nil) {
    self.budget = budget
    self.indent = indent
  }

  var written: TemplateText { TemplateText(text, isContent: hasContent) }

  private mutating func write(_ part: String) throws(TemplateFault) {
    try budget.spend(bytes: part.utf8.count)
    text += part
  }

  // MARK: - Python

  /// Writes Python's `repr` of a value, as inside a printed list.
  mutating func writeRepresentation(_ value: TemplateValue) throws(TemplateFault) {
    try budget.spend(steps: 1)
    switch value {
    case .undefined: break
    case .none: try write("None")
    case .boolean(let value): try write(value ? "True" : "False")
    case .integer(let value): try write("\(value)")
    case .number(let value): try write("\(value)")
    case .string(let text):
      hasContent = hasContent || text.hasContent
      try writeQuoted(try budget.plain(text))
    case .list(let items):
      try write("[")
      for (index, item) in items.enumerated() {
        if index > 0 { try write(", ") }
        try writeRepresentation(item)
      }
      try write("]")
    case .dictionary(let dictionary):
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
      hasContent = true
      try write("<Namespace>")
    case .loop: try write("<LoopContext>")
    case .function: try write("<function>")
    }
  }

  /// Writes a text in single quotes, or in double ones where it holds single quotes alone.
  private mutating func writeQuoted(_ string: String) throws(TemplateFault) {
    // Each byte may need one more to be escaped.
    try budget.spend(bytes: 2 * string.utf8.count + 2)
    let quote: Unicode.Scalar = string.contains("'") && !string.contains("\"") ? "\"" : "'"
    text.unicodeScalars.append(quote)
    for scalar in string.unicodeScalars {
      switch scalar {
      case quote, "\\": text += "\\" + String(scalar)
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      default: text.unicodeScalars.append(scalar)
      }
    }
    text.unicodeScalars.append(quote)
  }

  // MARK: - JSON

  mutating func writeJSON(_ value: TemplateValue, level: Int) throws(TemplateFault) {
    switch value {
    case .none: try write("null")
    case .boolean(let value): try write(value ? "true" : "false")
    case .integer, .number: try writeRepresentation(value)
    case .string(let text):
      try budget.spend(steps: 1)
      hasContent = hasContent || text.hasContent
      try writeJSONString(try budget.plain(text))
    case .list(let items):
      try budget.spend(steps: 1)
      try write("[")
      for (index, item) in items.enumerated() {
        try writeSeparator(index, level: level)
        try writeJSON(item, level: level + 1)
      }
      try writeEnd("]", isEmpty: items.isEmpty, level: level)
    case .dictionary(let dictionary):
      try budget.spend(steps: 1)
      try write("{")
      for (index, entry) in dictionary.entries.enumerated() {
        try writeSeparator(index, level: level)
        try writeJSONString(entry.key)
        try write(": ")
        try writeJSON(entry.value, level: level + 1)
      }
      try writeEnd("}", isEmpty: dictionary.entries.isEmpty, level: level)
    case .undefined, .namespace, .loop, .function: throw TemplateFault("tojson cannot write \(value.kindName)")
    }
  }

  private mutating func writeSeparator(_ index: Int, level: Int) throws(TemplateFault) {
    if index > 0 { try write(indent == nil ? ", " : ",") }
    try writeLineStart(level: level + 1)
  }

  private mutating func writeEnd(_ bracket: String, isEmpty: Bool, level: Int) throws(TemplateFault) {
    if !isEmpty { try writeLineStart(level: level) }
    try write(bracket)
  }

  private mutating func writeLineStart(level: Int) throws(TemplateFault) {
    if let indent { try write("\n" + String(repeating: " ", count: indent * level)) }
  }

  private mutating func writeJSONString(_ string: String) throws(TemplateFault) {
    let escapes = string.utf8.reduce(0) { sum, byte in
      sum + (byte < 0x20 ? 5 : byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 1 : 0)
    }
    try budget.spend(bytes: string.utf8.count + escapes + 2)
    text += JSONWriter.quoted(string)
  }
}
