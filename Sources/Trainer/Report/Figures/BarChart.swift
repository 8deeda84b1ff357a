/// One horizontal bar a row, to the left or right of zero, with its number.
struct BarChart {
  /// One bar.
  struct Bar {
    var name: String
    /// Length of the bar, to the right where positive, which is better.
    var value: Double?
    /// Text behind the number.
    var remark: String
  }

  let name: String
  let title: String
  let description: String
  /// Unit of the bars, and the meaning of either side.
  let unit: String
  var bars: [Bar]
  /// Digits after the point.
  var digits = 3

  /// Chart at a width, in pixels; nil where no bar has a number.
  func figure(width: Double) -> Figure? {
    guard let range = ChartScale.range(of: bars.lazy.compactMap(\.value)) else { return nil }
    let rowHeight = 30.0
    let top = 24.0
    let names = min((bars.map { FigureStyle.textWidth($0.name) }.max() ?? 0) + 12, width * 0.3)
    let texts = bars.map { Numeral.signed($0.value, digits) + ($0.remark.isEmpty ? "" : " · " + $0.remark) }
    let room = (texts.map { FigureStyle.textWidth($0, size: 11.5) }.max() ?? 0) + 10
    // Numbers stand in a column of their own where there is room, under the bar's name elsewhere.
    let isNarrow = width - names - room < 140
    let end = isNarrow ? width - 4 : width - room
    let scale = ChartScale(min(range.lowerBound, 0)...max(range.upperBound, 0), from: names, to: end)
    let height = top + rowHeight * Double(bars.count) * (isNarrow ? 1.5 : 1) + 6

    var parts: [Markup] = ["<text x=\"0\" y=\"12\" class=\"quiet\">\(unit)</text>"]
    for (index, bar) in bars.enumerated() {
      let y = top + rowHeight * Double(index) * (isNarrow ? 1.5 : 1)
      let label = FigureStyle.fitted(bar.name, width: names - 10)
      parts.append("<text x=\"\(names - 10)\" y=\"\(y + 18)\" class=\"end\">\(label)</text>")
      if let value = bar.value {
        let (from, to) = (min(scale(0), scale(value)), max(scale(0), scale(value)))
        let kind = value < 0 ? "worse" : "better"
        parts.append(
          """
          <rect x="\(from)" y="\(y + 5)" width="\(max(to - from, 1))" height="\(rowHeight - 12)" rx="2" class="\(kind)"/>
          """)
      }
      parts.append("<path d=\"M\(scale(0)) \(y + 1)v\(rowHeight - 4)\" class=\"axis\"/>")
      let place = isNarrow ? (x: names, y: y + 36) : (x: end + 8, y: y + 18)
      parts.append("<text x=\"\(place.x)\" y=\"\(place.y)\">\(texts[index])</text>")
    }
    return Figure(
      name: name, title: title, description: description, width: width, height: height, elements: Markup(parts))
  }
}
