/// Figures that can be drawn from a run's records; a figure without data is nil.
struct ReportFigures {
  /// One figure for wide screens, and the same drawn for narrow ones, where its text would be too small.
  struct Drawing {
    let wide: Figure
    let narrow: Figure?

    /// Both figures, of which the page's style shows one.
    var markup: Markup {
      guard let narrow else { return wide.inline() }
      return wide.inline(class: "wide") + narrow.inline(suffix: "-narrow", class: "narrow")
    }
  }

  let matrices: [HeatMap]
  let forgetting: Drawing?
  let loss: Drawing?
  let learningRate: Drawing?
  let gradientNorm: Drawing?
  let speed: Drawing?
  let validation: Drawing?
  let tokens: Drawing?
  let drift: Drawing?

  init(_ records: RunRecords) {
    matrices = Self.matrices(records.transfer)
    forgetting = Self.forgetting(records.transfer)
    let curves = StepCurves(records.steps)
    loss = curves.loss.flatMap { Self.both($0, height: 320) }
    learningRate = curves.learningRate.flatMap { Self.half($0) }
    gradientNorm = curves.gradientNorm.flatMap { Self.half($0) }
    speed = curves.speed.flatMap { Self.both($0, height: 220) }
    validation = HeldOutCurves(records).chart.flatMap { Self.both($0, height: 320) }
    tokens = Self.tokens(records)
    drift = Self.drift(records.transfer)
  }

  /// Every figure, in the order of the page.
  var all: [Figure] {
    matrices.map(\.figure)
      + [forgetting, loss, learningRate, gradientNorm, validation, tokens, drift, speed].compactMap { $0?.wide }
  }

  // MARK: - Sizes

  private static let wideWidth = 1040.0
  private static let narrowWidth = 360.0

  private static func both(_ chart: LineChart, height: Double) -> Drawing? {
    chart.figure(width: wideWidth, height: height).map {
      Drawing(wide: $0, narrow: chart.figure(width: narrowWidth, height: 240))
    }
  }

  /// Drawing at half the width, for two side by side.
  private static func half(_ chart: LineChart) -> Drawing? {
    chart.figure(width: 500, height: 220).map {
      Drawing(wide: $0, narrow: chart.figure(width: narrowWidth, height: 200))
    }
  }

  // MARK: - Figures of the matrix

  private static func matrices(_ transfer: TransferFile?) -> [HeatMap] {
    guard let transfer else { return [] }
    return ([transfer.loss] + transfer.metrics).compactMap { measure in
      let columns = transfer.datasets.indices.filter { measure.holds(column: $0) }
      guard !columns.isEmpty else { return nil }
      let isLoss = measure.name == "loss"
      let words = MeasureName.words(measure.name)
      return HeatMap(
        name: "transfer-" + MeasureName.stem(measure.name),
        title: isLoss ? "Held-out loss of each dataset after each round" : "\(words) after each round",
        note: isLoss
          ? "nats a token, below it the change against the base; less is better"
          : "below it the change against the base; \(measure.lowerIsBetter ? "less" : "more") is better"
            + (measure.standardErrors.isEmpty ? "" : "; ± one standard error"),
        measure: measure, columns: columns, datasets: transfer.datasets)
    }
  }

  private static func forgetting(_ transfer: TransferFile?) -> Drawing? {
    let courses = transfer?.courses.filter { $0.sinceOwnRound != nil } ?? []
    guard !courses.isEmpty else { return nil }
    let bars = courses.map { course in
      BarChart.Bar(
        name: course.name, value: course.sinceOwnRound,
        remark: course.forgetting.map { "against its best \(Numeral.signed(-$0))" } ?? "")
    }
    let chart = BarChart(
      name: "forgetting", title: "Each dataset since its own round",
      description: courses.map { "\($0.name): \(Numeral.signed($0.sinceOwnRound)) nats" }.joined(separator: "; "),
      unit: "nats a token; left: forgotten, right: gained", bars: bars)
    return chart.figure(width: wideWidth).map { Drawing(wide: $0, narrow: chart.figure(width: narrowWidth)) }
  }

  private static func drift(_ transfer: TransferFile?) -> Drawing? {
    guard let transfer, transfer.general.count > 1, transfer.general.contains(where: { $0 != nil }) else { return nil }
    let points = transfer.general.enumerated().map { (x: Double($0), y: $1 ?? .nan) }
    let spoken = transfer.general.enumerated().map { "M\($0): \(Numeral.fixed($1))" }
    let chart = LineChart(
      name: "drift", title: "Loss on the general text after each round", description: spoken.joined(separator: "; "),
      unit: "nats a token", abscissa: "model",
      series: [LineChart.Series(name: "general text", style: 0, points: points, hasMarkers: true)],
      categories: transfer.general.indices.map { "M\($0)" })
    return both(chart, height: 220)
  }

  // MARK: - Tokens

  private static func tokens(_ records: RunRecords) -> Drawing? {
    let datasets = records.datasets
    let bars = records.rounds.map { round in
      let parts = round.datasets.enumerated().map { index, share in
        StackedBars.Part(
          style: datasets.firstIndex(of: share.name) ?? index, name: share.name, amount: share.tokensSeen)
      }
      return (name: "\(round.round) \(round.name)" + (round.isRefused ? " (refused)" : ""), parts: parts)
    }
    let spoken = bars.map { bar in
      bar.name + ": " + bar.parts.map { "\($0.name) \(Numeral.count($0.amount))" }.joined(separator: ", ")
    }
    let chart = StackedBars(
      name: "tokens", title: "Tokens of each dataset in each round", description: spoken.joined(separator: "; "),
      unit: "tokens trained on, without padding", bars: bars)
    return chart.figure(width: wideWidth).map { Drawing(wide: $0, narrow: chart.figure(width: narrowWidth)) }
  }
}

/// Name of a measure: in words, and as a part of a file's name.
enum MeasureName {
  private static let known = [
    "loss": "Loss", "bleu": "BLEU", "chrf": "chrF", "f1": "F1", "macro_f1": "Macro-F1", "entity_f1": "Entity F1",
    "rouge_l": "ROUGE-L", "exact_match": "Exact match",
  ]

  static func words(_ name: String) -> String {
    if let words = known[name] { return words }
    let spaced = name.replacing("_", with: " ")
    return spaced.prefix(1).uppercased() + spaced.dropFirst()
  }

  static func stem(_ name: String) -> String {
    let stem = name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    return String(stem)
  }
}
