import Foundation
import Trainer

/// What the program says: results on stdout, progress, remarks and errors on stderr.
///
/// Every text passes `printable` here, since names, paths and messages may be a stranger's. A result that cannot be
/// written is an error; a remark that cannot be written is lost, and ends nothing.
enum Console {
  /// A line of progress or a remark, on stderr.
  static func note(_ line: String) {
    try? StandardStream.error.write(printable(line) + "\n")
  }

  /// The line on stderr that says what went wrong.
  static func error(_ text: String) { note("error: " + text) }

  /// The beginning of a line on stderr, which a person is to go on with.
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

  /// A line of the result, coloured.
  static func result(styled line: StyledLine) throws(UnwritableStream) {
    try StandardStream.output.write(line.rendered + "\n")
  }

  /// A result of several lines.
  static func result(text: String) throws(UnwritableStream) {
    try StandardStream.output.write(printableText(text) + "\n")
  }

  /// Some of a model's own words, as they are; on a terminal without what would steer it.
  static func answer(_ text: String) throws(UnwritableStream) {
    try StandardStream.output.write(StandardStream.output.isTerminal ? printableText(text) : text)
  }

  /// One JSON object on stdout, its keys sorted.
  static func result(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let json = String(decoding: try encoder.encode(value), as: UTF8.self)
    try StandardStream.output.write(unsteering(json) + "\n")
  }

  /// The same JSON, in which what steers a terminal has JSON's own spelling: the encoder spells the first 32 alone.
  private static func unsteering(_ json: String) -> String {
    guard json.unicodeScalars.contains(where: \.steersTerminal) else { return json }
    var spelled = ""
    for scalar in json.unicodeScalars {
      // All such characters have four digits, and stand in strings.
      if scalar.steersTerminal {
        spelled += "\\u" + String(0x1_0000 + scalar.value, radix: 16).dropFirst()
      } else {
        spelled.unicodeScalars.append(scalar)
      }
    }
    return spelled
  }
}
