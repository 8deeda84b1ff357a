/// Piece of HTML or SVG: a literal is kept as it is, every text that is put into it is escaped.
///
/// A sample, a name or a recipe may hold any text, `<script>` too; so text becomes markup in one way only.
package struct Markup: Sendable, ExpressibleByStringInterpolation {
  package private(set) var text: String

  package init(stringLiteral value: String) { text = value }

  package init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

  /// Pieces side by side.
  package init(_ parts: [Markup], separator: String = "\n") {
    text = parts.map(\.text).joined(separator: separator)
  }

  package struct Interpolation: StringInterpolationProtocol {
    fileprivate var text: String

    package init(literalCapacity: Int, interpolationCount: Int) {
      text = ""
      text.reserveCapacity(literalCapacity + 16 * interpolationCount)
    }

    package mutating func appendLiteral(_ literal: String) { text += literal }
    package mutating func appendInterpolation(_ value: String) { text += Markup.escape(value) }
    package mutating func appendInterpolation(_ value: Substring) { text += Markup.escape(String(value)) }
    package mutating func appendInterpolation(_ value: Int) { text += String(value) }
    package mutating func appendInterpolation(_ markup: Markup) { text += markup.text }
    /// Length or position in a drawing, to a tenth.
    package mutating func appendInterpolation(_ value: Double) { text += Numeral.coordinate(value) }
  }

  /// Text as the content of an element or of a quoted attribute.
  ///
  /// Control characters, which XML forbids, and the noncharacters U+FFFE and U+FFFF become U+FFFD.
  package static func escape(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  package static func + (left: Markup, right: Markup) -> Markup { Markup([left, right], separator: "") }
}
