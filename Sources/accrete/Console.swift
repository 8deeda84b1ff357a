import Foundation
import Trainer

/// The program's output: results on stdout; progress, remarks and errors on stderr.
///
/// Every text passes `printable` here, since names, paths and messages may come from strangers. A result that cannot be
/// written is an error; a remark that cannot be written is dropped.
enum Console {
  /// A line of progress or a remark, on stderr.
  static func note(_ line: String) {
    try? StandardStream.error.write(printable(line) + "\n")
  }

  /// Prints "error: …" on stderr.
  static func error(_ text: String) { note("error: " + text) }

  /// Prints a prompt on stderr, without a line break.
  static func ask(_ text: String) {
    try? StandardStream.error.write(printable(text))
  }

  /// A line of the result, on stdout.
  static func result(_ line: String) throws(UnwritableStream) {
    try StandardStream.output.write(printable(line) + "\n")
  }

  /// Lines of the result.
  static func result(lines: [String]) throws(UnwritableStream) {
    try StandardStream.output.write(lines.map { printable($0) + "\n" }.joined())
  }

  /// A line of the result whose cells are separated by tabs.
  static func result(cells: [String]) throws(UnwritableStream) {
    try StandardStream.output.write(cells.map(printable).joined(separator: "\t") + "\n")
  }

  /// A line of the result, with colours.
  static func result(styled line: StyledLine) throws(UnwritableStream) {
    try StandardStream.output.write(line.rendered + "\n")
  }

  /// A result of several lines.
  static func result(text: String) throws(UnwritableStream) {
    try StandardStream.output.write(printableText(text) + "\n")
  }

  /// A piece of a model's answer: unchanged in a file or pipe; on a terminal, control characters are escaped.
  static func answer(_ text: String) throws(UnwritableStream) {
    try StandardStream.output.write(StandardStream.output.isTerminal ? printableText(text) : text)
  }

  /// One JSON object on stdout, keys sorted and in snake case.
  static func result(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let json = String(decoding: try encoder.encode(value), as: UTF8.self)
    try StandardStream.output.write(unsteering(json) + "\n")
  }

  /// The same JSON with every character that steers a terminal escaped as \u…: the encoder escapes only the first 32.
  private static func unsteering(_ json: String) -> String {
    guard json.unicodeScalars.contains(where: \.steersTerminal) else { return json }
    var spelled = ""
    for scalar in json.unicodeScalars {
      // All such characters have four hexadecimal digits, and occur only within strings.
      if scalar.steersTerminal {
        spelled += "\\u" + String(0x1_0000 + scalar.value, radix: 16).dropFirst()
      } else {
        spelled.unicodeScalars.append(scalar)
      }
    }
    return spelled
  }
}
