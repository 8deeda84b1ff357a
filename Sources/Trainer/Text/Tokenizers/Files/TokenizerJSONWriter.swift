extension TokenizerJSON {
  /// This value as JSON text: objects and long arrays one entry a line, a line of scalars together.
  package func serialized() -> String {
    var text = ""
    write(into: &text, indent: 0)
    return text + "\n"
  }

  private func write(into text: inout String, indent: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let flag): text += flag ? "true" : "false"
    case .number(let value): text += Int(exactly: value).map(String.init) ?? "\(value)"
    case .string(let string): Self.writeQuoted(string, into: &text)
    case .array(let elements):
      Self.writeList(elements, "[", "]", into: &text, indent: indent) { element, text in
        element.write(into: &text, indent: indent + 2)
      }
    case .object(let members):
      Self.writeList(members, "{", "}", into: &text, indent: indent) { member, text in
        Self.writeQuoted(member.key, into: &text)
        text += ": "
        member.value.write(into: &text, indent: indent + 2)
      }
    }
  }

  private static func writeList<Element>(
    _ elements: [Element], _ opening: String, _ closing: String, into text: inout String, indent: Int,
    write: (Element, inout String) -> Void
  ) {
    guard !elements.isEmpty else {
      text += opening + closing
      return
    }
    text += opening
    for (index, element) in elements.enumerated() {
      text += (index == 0 ? "\n" : ",\n") + String(repeating: " ", count: indent + 2)
      write(element, &text)
    }
    text += "\n" + String(repeating: " ", count: indent) + closing
  }

  private static func writeQuoted(_ string: String, into text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{00}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
