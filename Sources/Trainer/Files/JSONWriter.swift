import Foundation

/// Writes JSON values as text.
package struct JSONWriter {
  /// White space between the parts of a text.
  package enum Layout {
    /// No white space, and no line break at the end.
    case compact
    /// Each member of the outermost object on a line of its own; what a member holds on that line, spaced.
    case members
    /// Each member and each element on a line of its own, indented by two spaces a level.
    case lines
  }

  private let layout: Layout
  private var text: [UInt8] = []

  private init(_ layout: Layout) { self.layout = layout }

  /// UTF-8 text of a value.
  package static func data(_ value: JSON, _ layout: Layout) -> Data {
    var writer = JSONWriter(layout)
    writer.write(value, level: 0)
    if layout != .compact { writer.text.append(UInt8(ascii: "\n")) }
    return Data(writer.text)
  }

  /// A string in quotes, as Python's `json.dumps(ensure_ascii=False)` spells it: quotes, backslashes and controls are
  /// escaped, all else stands as it is.
  package static func quoted(_ string: String) -> String {
    var writer = JSONWriter(.compact)
    writer.writeQuoted(string, likePython: true)
    return String(decoding: writer.text, as: UTF8.self)
  }

  private mutating func write(_ value: JSON, level: Int) {
    switch value.content {
    // Such a value is shown as JSON spells it.
    case .null, .bool, .integer, .number: write(value.kindName)
    case .string(let string): writeQuoted(string)
    case .array(let elements):
      writeList(elements, "[", "]", level: level) { writer, element in writer.write(element, level: level + 1) }
    case .object(let object):
      writeList(object.members, "{", "}", level: level) { writer, member in
        writer.writeQuoted(member.key)
        writer.write(writer.layout == .compact ? ":" : ": ")
        writer.write(member.value, level: level + 1)
      }
    }
  }

  private mutating func writeList<Entry>(
    _ entries: [Entry], _ opening: String, _ closing: String, level: Int, write: (inout JSONWriter, Entry) -> Void
  ) {
    let isDivided = !entries.isEmpty && (layout == .lines || layout == .members && level == 0)
    self.write(opening)
    for (index, entry) in entries.enumerated() {
      if index > 0 { self.write(isDivided || layout == .compact ? "," : ", ") }
      if isDivided { writeLineStart(level: level + 1) }
      write(&self, entry)
    }
    if isDivided { writeLineStart(level: level) }
    self.write(closing)
  }

  private mutating func writeLineStart(level: Int) {
    text.append(UInt8(ascii: "\n"))
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
  }

  private mutating func write(_ part: String) { text.append(contentsOf: part.utf8) }

  /// Writes a string in quotes. Files spell U+0008 and U+000C by their numbers: the hash of a tokenizer's files is
  /// written into runs, and must stay the same.
  private mutating func writeQuoted(_ string: String, likePython: Bool = false) {
    write("\"")
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""): write("\\\"")
      case UInt8(ascii: "\\"): write("\\\\")
      case UInt8(ascii: "\n"): write("\\n")
      case UInt8(ascii: "\r"): write("\\r")
      case UInt8(ascii: "\t"): write("\\t")
      case 0x08 where likePython: write("\\b")
      case 0x0C where likePython: write("\\f")
      case 0..<0x20: write("\\u00" + String(0x100 + Int(byte), radix: 16).dropFirst())
      default: text.append(byte)
      }
    }
    write("\"")
  }
}
