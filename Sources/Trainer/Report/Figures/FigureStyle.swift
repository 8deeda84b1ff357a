import Foundation

/// Style of the figures: the same classes in the page and in the files, in a light and a dark set of colours.
///
/// Classes are plain, without CSS variables, of which viewers of SVG files support few.
enum FigureStyle {
  /// Colours that series take in turn, distinct under the common kinds of colour blindness; each also has a dash and a
  /// marker of its own.
  private static let series: [(light: String, dark: String)] = [
    ("#2f6fdb", "#74a4ff"), ("#c2571f", "#f2935c"), ("#19804f", "#4fc78c"), ("#9440ab", "#d08ee6"),
    ("#94700a", "#dcb348"), ("#0b7f93", "#4cc5d6"), ("#bb2f66", "#f27aa9"), ("#5c6670", "#a3adb8"),
  ]
  private static let dashes = ["", "7 3", "2 2.5", "9 3 2 3", "4 4", "12 4", "1.5 4", "6 2 1.5 2 1.5 2"]

  /// Class of a series, by its index.
  static func seriesClass(_ index: Int) -> String { "s\(index % series.count)" }

  /// Rules of CSS for all figures.
  static let css: String = {
    let family = #"system-ui, -apple-system, "Segoe UI", "DejaVu Sans", "Noto Sans", sans-serif"#
    var light = """
      .figure text { font-family: \(family); font-size: 12px; fill: #1f2328; font-variant-numeric: tabular-nums }
      .figure .quiet { fill: #59636e; font-size: 11px }
      .figure .heading { font-size: 14px; font-weight: 600 }
      .figure .strong { font-weight: 600; font-size: 13px }
      .figure .middle { text-anchor: middle }
      .figure .end { text-anchor: end }
      .figure .on { fill: #ffffff; font-size: 11.5px }
      .figure .ground { fill: #ffffff; stroke: #d0d7de }
      .figure .grid { fill: none; stroke: #e4e8ec }
      .figure .axis { fill: none; stroke: #8c959f }
      .figure .mark { fill: none; stroke: #8c959f; stroke-dasharray: 2 3 }
      .figure .cell { fill: none; stroke: #d0d7de }
      .figure .own { fill: none; stroke: #1f2328; stroke-width: 2 }
      .figure .better { fill: #2f6fdb }
      .figure .worse { fill: #d9622b }
      .figure .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round }
      .figure .raw { stroke-width: 1; opacity: 0.4; stroke-dasharray: none }
      .figure .dot { stroke: none }

      """
    var dark = """
      .figure text { fill: #e6edf3 }
      .figure .quiet { fill: #9ea7b3 }
      .figure .on { fill: #0d1117 }
      .figure .ground { fill: #0d1117; stroke: #3d444d }
      .figure .grid { stroke: #262c34 }
      .figure .axis, .figure .mark { stroke: #6b7480 }
      .figure .cell { stroke: #3d444d }
      .figure .own { stroke: #e6edf3 }

      """
    for (index, colors) in series.enumerated() {
      let dash = dashes[index].isEmpty ? "" : "; stroke-dasharray: \(dashes[index])"
      light += ".figure .line.s\(index) { stroke: \(colors.light)\(dash) }\n"
      light += ".figure .line.raw.s\(index) { stroke-dasharray: none }\n"
      light += ".figure .area.s\(index), .figure .dot.s\(index), .figure text.s\(index) { fill: \(colors.light) }\n"
      dark += ".figure .line.s\(index) { stroke: \(colors.dark) }\n"
      dark += ".figure .area.s\(index), .figure .dot.s\(index), .figure text.s\(index) { fill: \(colors.dark) }\n"
    }
    return light + "@media (prefers-color-scheme: dark) {\n" + dark + "}\n"
  }()

  /// Ranges of Unicode whose characters are as wide as high.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0xD7FF, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0x1F300...0x3FFFF,
  ]

  /// Upper estimate of a text's width in pixels: East Asian characters take a full square.
  static func textWidth(_ text: String, size: Double = 12) -> Double {
    text.unicodeScalars.reduce(0) { width, scalar in
      if scalar.properties.generalCategory == .nonspacingMark { return width }
      let isWide = wide.contains { $0.contains(scalar.value) }
      return width + (isWide ? size : 0.6 * size)
    }
  }

  /// Text cut with an ellipsis so that it takes at most `width` pixels.
  static func fitted(_ text: String, width: Double, size: Double = 12) -> String {
    guard textWidth(text, size: size) > width else { return text }
    var cut = text
    while !cut.isEmpty && textWidth(cut + "…", size: size) > width { cut.removeLast() }
    return cut + "…"
  }
}
