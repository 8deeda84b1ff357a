/// Curves over steps or rounds, with the rounds marked.
struct LineChart {
  /// One curve.
  struct Series {
    var name: String
    /// Index into the lists of colours, dashes and markers.
    var style: Int
    /// Points from left to right; NaN in `y` interrupts the curve.
    var points: [(x: Double, y: Double)]
    /// True for a curve that is drawn faint, behind the one that is smoothed from it.
    var isRaw = false
    /// True where each point is shown, with its number on hovering.
    var hasMarkers = false
    /// True where the name is written at the curve's end.
    var isNamed = false
  }

  /// Named range of the horizontal axis: a round.
  struct Band {
    var number: Int
    var name: String
    var start: Double
    var end: Double
  }

  let name: String
  let title: String
  let description: String
  /// Unit of the vertical axis.
  let unit: String
  /// Unit of the horizontal axis.
  var abscissa = "step"
  var series: [Series]
  var bands: [Band] = []
  /// Named marks for the horizontal axis instead of round numbers.
  var categories: [String]?
  var isLogarithmic = false
  /// Range of the horizontal axis; nil: the range of the points.
  var domain: ClosedRange<Double>?

  /// Chart at a width, in pixels; nil where no series has a point.
  func figure(width: Double, height: Double) -> Figure? {
    guard let values = ChartScale.range(of: series.lazy.flatMap { $0.points.lazy.map(\.y) }),
      let places = domain ?? ChartScale.range(of: series.lazy.flatMap { $0.points.lazy.map(\.x) })
    else { return nil }
    let named = series.filter(\.isNamed)
    let labels = min(named.map { FigureStyle.textWidth($0.name, size: 11.5) }.max() ?? 0, width * 0.28)
    let right = width - (named.isEmpty ? 10 : labels + 16)
    let (top, bottom) = (bands.isEmpty ? 26.0 : 40.0, height - 36)
    let marks = max(2, Int((bottom - top) / 44))
    let vertical = ChartScale(values, from: bottom, to: top, isLogarithmic: isLogarithmic).rounded(marks: marks)
    let ticks = vertical.ticks(marks)
    let tickLabels = ticks.map { tickLabel($0, scale: vertical, marks: marks) }
    let left = 10 + (tickLabels.map { FigureStyle.textWidth($0, size: 11) }.max() ?? 0)
    let inset = categories == nil ? 0 : min(40, (right - left) / Double(2 * max(categories?.count ?? 1, 1)))
    let horizontal = ChartScale(places, from: left + inset, to: right - inset)

    var parts: [Markup] = ["<text x=\"0\" y=\"12\" class=\"quiet\">\(axisTitle(vertical))</text>"]
    for (tick, label) in zip(ticks, tickLabels) {
      let y = vertical(tick)
      parts.append("<path d=\"M\(left) \(y)H\(right)\" class=\"grid\"/>")
      parts.append("<text x=\"\(left - 6)\" y=\"\(y + 4)\" class=\"quiet end\">\(label)</text>")
    }
    parts += bandMarks(horizontal, top: top, bottom: bottom)
    parts.append("<path d=\"M\(left) \(bottom)H\(right)\" class=\"axis\"/>")
    parts += abscissaMarks(horizontal, from: left, to: right, y: bottom, height: height)
    for one in series { parts += curve(one, horizontal, vertical) }
    parts += endLabels(named, x: right + 8, width: labels, top: top, bottom: bottom, vertical)
    return Figure(
      name: name, title: title, description: description, width: width, height: height, elements: Markup(parts))
  }

  private func axisTitle(_ scale: ChartScale) -> String { scale.isLogarithmic ? unit + ", logarithmic axis" : unit }

  private func tickLabel(_ tick: Double, scale: ChartScale, marks: Int) -> String {
    let digits = scale.tickDigits(marks)
    if scale.isLogarithmic || digits > 3 || abs(tick) >= 1e12 { return Numeral.short(abs(tick) < 1e-15 ? 0 : tick) }
    return abs(tick) >= 10_000 ? Numeral.count(Int(tick.rounded())) : Numeral.fixed(tick, digits)
  }

  private func bandMarks(_ scale: ChartScale, top: Double, bottom: Double) -> [Markup] {
    bands.enumerated().flatMap { index, band -> [Markup] in
      let (start, end) = (scale(band.start), scale(band.end))
      var marks: [Markup] = []
      if index > 0 { marks.append("<path d=\"M\(start) \(top - 12)V\(bottom)\" class=\"mark\"/>") }
      let room = end - start - 8
      let full = "\(band.number) \(band.name)"
      let label = FigureStyle.fitted(full, width: room, size: 11)
      if label.count >= min(5, full.count) {
        marks.append("<text x=\"\(start + 4)\" y=\"\(top - 5)\" class=\"quiet\">\(label)</text>")
      } else if room > 8 {
        marks.append("<text x=\"\(start + 4)\" y=\"\(top - 5)\" class=\"quiet\">\(band.number)</text>")
      }
      return marks
    }
  }

  private func abscissaMarks(
    _ scale: ChartScale, from left: Double, to right: Double, y: Double, height: Double
  ) -> [Markup] {
    var marks: [Markup] = []
    if let categories {
      let room = (right - left) / Double(max(categories.count, 1)) - 6
      for (index, category) in categories.enumerated() {
        let label = FigureStyle.fitted(category, width: room, size: 11)
        marks.append("<text x=\"\(scale(Double(index)))\" y=\"\(y + 16)\" class=\"quiet middle\">\(label)</text>")
      }
    } else {
      for tick in scale.ticks(max(2, Int((right - left) / 75))) where tick == tick.rounded() {
        let x = scale(tick)
        marks.append("<path d=\"M\(x) \(y)v4\" class=\"axis\"/>")
        // The outermost labels would stick out.
        let anchor = x > right - 14 ? "end" : x < left + 8 ? "" : "middle"
        let label = Numeral.count(Int(tick))
        marks.append("<text x=\"\(x)\" y=\"\(y + 16)\" class=\"quiet \(anchor)\">\(label)</text>")
      }
    }
    marks.append("<text x=\"\(right)\" y=\"\(height - 4)\" class=\"quiet end\">\(abscissa)</text>")
    return marks
  }

  private func curve(_ one: Series, _ horizontal: ChartScale, _ vertical: ChartScale) -> [Markup] {
    let drawn = one.points.lazy.map { point in
      // A logarithmic axis has no place for 0.
      let isShown = point.y.isFinite && !(vertical.isLogarithmic && point.y <= 0)
      return (x: horizontal(point.x), y: isShown ? vertical(point.y) : .nan)
    }
    let kind = FigureStyle.seriesClass(one.style)
    var parts = Thinning.pieces(drawn).map { piece -> Markup in
      var path = ""
      for (index, point) in piece.enumerated() {
        path += (index == 0 ? "M" : "L") + Numeral.coordinate(point.x) + " " + Numeral.coordinate(point.y)
      }
      // A single point becomes a dot: the caps of a line of no length are round.
      if piece.count == 1 { path += "h0" }
      return "<path d=\"\(path)\" class=\"line \(one.isRaw ? "raw " : "")\(kind)\"/>"
    }
    if one.hasMarkers && one.points.count <= 400 {
      for (point, place) in zip(one.points, drawn) where place.y.isFinite {
        let x = categories.map { Int(point.x) < $0.count ? $0[Int(point.x)] : "" } ?? "\(abscissa) \(Int(point.x))"
        let marker = Self.marker(one.style, place)
        parts.append(
          """
          <path d="\(marker)" class="dot \(kind)"><title>\(one.name), \(x): \(Numeral.fixed(point.y))</title></path>
          """)
      }
    }
    return parts
  }

  /// Marker of a series: a circle, square, triangle or diamond.
  private static func marker(_ style: Int, _ place: (x: Double, y: Double)) -> String {
    let (x, y) = (Numeral.coordinate(place.x), Numeral.coordinate(place.y))
    return switch style % 4 {
    case 0: "M\(x) \(y)m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0"
    case 1: "M\(x) \(y)m-3 -3h6v6h-6z"
    case 2: "M\(x) \(y)m0 -3.8l3.6 6.4h-7.2z"
    default: "M\(x) \(y)m0 -4l4 4l-4 4l-4 -4z"
    }
  }

  /// Names at the ends of the curves, moved apart where they would cover each other.
  private func endLabels(
    _ named: [Series], x: Double, width: Double, top: Double, bottom: Double, _ vertical: ChartScale
  ) -> [Markup] {
    let lineHeight = 14.0
    var labels = named.compactMap { one -> (y: Double, series: Series)? in
      guard let last = one.points.last(where: { $0.y.isFinite }) else { return nil }
      return (vertical(last.y) + 4, one)
    }
    labels.sort { $0.y < $1.y }
    for index in labels.indices.dropFirst() { labels[index].y = max(labels[index].y, labels[index - 1].y + lineHeight) }
    var limit = bottom + 4
    for index in labels.indices.reversed() {
      labels[index].y = min(labels[index].y, limit)
      limit = labels[index].y - lineHeight
    }
    return labels.map { label in
      let name = FigureStyle.fitted(label.series.name, width: width, size: 11.5)
      let kind = FigureStyle.seriesClass(label.series.style)
      return "<text x=\"\(x)\" y=\"\(label.y)\" class=\"\(kind)\">\(name)</text>"
    }
  }
}
