/// A fault of a chat template, found while reading or rendering it: its line, the fault and the remedy, in one line of
/// text.
package struct TemplateError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Line of the template, from 1; 0 for a fault of the whole.
  package let line: Int
  /// The fault and the remedy.
  package let message: String

  package init(line: Int, message: String) {
    self.line = line
    self.message = message.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  package var description: String { "chat template\(line > 0 ? ", line \(line)" : ""): \(message)" }
}

/// A fault of a filter, test, method or function, in words; the interpreter adds the line.
struct TemplateFault: Error {
  let message: String

  init(_ message: String) { self.message = message }
}
