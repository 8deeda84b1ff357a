extension TemplateValue {
  /// The value as `{{ … }}` prints it: Python's `str`.
  var printed: TemplateText {
    switch self {
    case .string(let text): text
    case .list, .dictionary, .namespace: TemplateText(representation, isContent: hasContent)
    default: TemplateText(representation)
    }
  }

  /// Whether a message's content is anywhere inside.
  var hasContent: Bool {
    switch self {
    case .string(let text): text.hasContent
    case .list(let items): items.contains { $0.hasContent }
    case .dictionary(let dictionary): dictionary.entries.contains { $0.value.hasContent }
    // One may hold itself: do not look inside.
    case .namespace: true
    default: false
    }
  }

  /// Python's `repr`, as inside a printed list.
  private var representation: String {
    switch self {
    case .undefined: ""
    case .none: "None"
    case .boolean(let value): value ? "True" : "False"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let text): Self.quoted(text.plain)
    case .list(let items): "[" + items.map(\.representation).joined(separator: ", ") + "]"
    case .dictionary(let dictionary):
      "{" + dictionary.entries.map { Self.quoted($0.key) + ": " + $0.value.representation }.joined(separator: ", ")
        + "}"
    case .namespace: "<Namespace>"
    case .loop: "<LoopContext>"
    case .function: "<function>"
    }
  }

  /// Single quotes, or double ones where the text holds only single ones.
  private static func quoted(_ text: String) -> String {
    let quote: Unicode.Scalar = text.contains("'") && !text.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for scalar in text.unicodeScalars {
      switch scalar {
      case quote, "\\": result += "\\" + String(scalar)
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + String(quote)
  }

  /// The value as JSON, as Python's `json.dumps(ensure_ascii=False)` lays it out.
  /// - Parameter indent: spaces a level; nil: everything on one line.
  func json(indent: Int?, level: Int = 0) throws(TemplateFault) -> String {
    switch self {
    case .none: return "null"
    case .boolean(let value): return value ? "true" : "false"
    case .integer, .number: return representation
    case .string(let text): return Self.jsonQuoted(text.plain)
    case .list(let items):
      var parts: [String] = []
      for item in items { parts.append(try item.json(indent: indent, level: level + 1)) }
      return Self.jsonJoined(parts, "[", "]", indent: indent, level: level)
    case .dictionary(let dictionary):
      var parts: [String] = []
      for entry in dictionary.entries {
        parts.append(Self.jsonQuoted(entry.key) + ": " + (try entry.value.json(indent: indent, level: level + 1)))
      }
      return Self.jsonJoined(parts, "{", "}", indent: indent, level: level)
    case .undefined, .namespace, .loop, .function: throw TemplateFault("tojson cannot write \(kindName)")
    }
  }

  private static func jsonJoined(
    _ parts: [String], _ open: String, _ close: String, indent: Int?, level: Int
  ) -> String {
    guard let indent, !parts.isEmpty else { return open + parts.joined(separator: ", ") + close }
    let inner = "\n" + String(repeating: " ", count: indent * (level + 1))
    let outer = "\n" + String(repeating: " ", count: indent * level)
    return open + inner + parts.joined(separator: "," + inner) + outer + close
  }

  private static func jsonQuoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case _ where scalar.value < 0x20:
        result += "\\u00" + String(scalar.value + 0x100, radix: 16).dropFirst()
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
