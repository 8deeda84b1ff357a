/// Why a chat template cannot be read or rendered, and at which of its lines; one line of text.
package struct TemplateError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Line of the template, from 1.
  package let line: Int
  /// What was found there, and the remedy.
  package let message: String

  package init(line: Int, message: String) {
    self.line = line
    self.message = message.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  package var description: String { "chat template, line \(line): \(message)" }
}

/// What a filter, test, method or function has to complain of; the interpreter adds the line.
struct TemplateFault: Error {
  let message: String

  init(_ message: String) { self.message = message }
}
