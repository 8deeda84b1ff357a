/// Chart of one horizontal bar a round, made of a part for each dataset.
struct StackedBars {
  /// Part of a bar.
  struct Part {
    /// Index of the dataset in the list of all.
    var style: Int
    var name: String
    var amount: Int
  }

  let name: String
  let title: String
  let description: String
  /// Unit of the parts.
  let unit: String
  var bars: [(name: String, parts: [Part])]

  /// Chart at a width, in pixels; nil where all amounts are zero.
  func figure(width: Double) -> Figure? {
    let sums = bars.map { bar in bar.parts.reduce(0) { $0 + $1.amount } }
    guard let largest = sums.max(), largest > 0 else { return nil }
    let names = min((bars.map { FigureStyle.textWidth($0.name) }.max() ?? 0) + 12, width * 0.3)
    let totals = sums.map(Numeral.count)
    let room = (totals.map { FigureStyle.textWidth($0) }.max() ?? 0) + 10
    let scale = ChartScale(0...Double(largest), from: names, to: width - room)
    let (legend, legendHeight) = legend(width: width)
    let (top, rowHeight) = (24 + legendHeight, 34.0)

    var parts: [Markup] = ["<text x=\"0\" y=\"12\" class=\"quiet\">\(unit)</text>"] + legend
    for (index, bar) in bars.enumerated() {
      let y = top + rowHeight * Double(index)
      let label = FigureStyle.fitted(bar.name, width: names - 10)
      parts.append("<text x=\"\(names - 10)\" y=\"\(y + 19)\" class=\"end\">\(label)</text>")
      var sum = 0
      for part in bar.parts where part.amount > 0 {
        let (from, to) = (scale(Double(sum)), scale(Double(sum + part.amount)))
        sum += part.amount
        parts.append(segment(part, from: from, to: to, y: y + 3, height: rowHeight - 10))
      }
      parts.append("<text x=\"\(scale(Double(sum)) + 8)\" y=\"\(y + 19)\">\(totals[index])</text>")
    }
    return Figure(
      name: name, title: title, description: description, width: width,
      height: top + rowHeight * Double(bars.count) + 2, elements: Markup(parts))
  }

  private func segment(_ part: Part, from: Double, to: Double, y: Double, height: Double) -> Markup {
    let kind = FigureStyle.seriesClass(part.style)
    // A gap of a pixel parts neighbours, whatever their colours.
    let box: Markup = """
      <rect x="\(from + 0.5)" y="\(y)" width="\(max(to - from - 1, 0.5))" height="\(height)" rx="2" class="area \(kind)">\
      <title>\(part.name): \(Numeral.count(part.amount))</title></rect>
      """
    let label = FigureStyle.fitted(part.name, width: to - from - 10, size: 11.5)
    guard label.count >= min(6, part.name.count) else { return box }
    return box + "<text x=\"\(from + 6)\" y=\"\(y + height / 2 + 4)\" class=\"on\">\(label)</text>"
  }

  /// Colour and name of each dataset, in lines of the chart's width.
  private func legend(width: Double) -> (parts: [Markup], height: Double) {
    var seen: [Part] = []
    for bar in bars {
      for part in bar.parts where !seen.contains(where: { $0.style == part.style }) { seen.append(part) }
    }
    var (x, y) = (0.0, 22.0)
    var parts: [Markup] = []
    for part in seen.sorted(by: { $0.style < $1.style }) {
      let name = FigureStyle.fitted(part.name, width: width - 20)
      let needed = 16 + FigureStyle.textWidth(name) + 16
      if x > 0 && x + needed > width { (x, y) = (0, y + 18) }
      let kind = FigureStyle.seriesClass(part.style)
      parts.append("<rect x=\"\(x)\" y=\"\(y)\" width=\"11\" height=\"11\" rx=\"2\" class=\"area \(kind)\"/>")
      parts.append("<text x=\"\(x + 16)\" y=\"\(y + 10)\">\(name)</text>")
      x += needed
    }
    return (parts, y)
  }
}
