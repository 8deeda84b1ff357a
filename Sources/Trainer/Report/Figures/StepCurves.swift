import Foundation

/// Curves of metrics.jsonl over all steps, with the rounds marked.
struct StepCurves {
  private let steps: StepColumns

  init(_ steps: StepColumns) {
    self.steps = steps
  }

  var loss: LineChart? {
    chart(
      name: "loss", title: "Training loss", unit: "nats a token", series: withSmoothed("loss", steps.losses),
      spoken: steps.losses)
  }

  var learningRate: LineChart? {
    let series = LineChart.Series(name: "learning rate", style: 0, points: points(steps.learningRates[...]))
    return chart(
      name: "learning-rate", title: "Learning rate", unit: "", series: [series],
      spoken: steps.learningRates)
  }

  var gradientNorm: LineChart? {
    // A few spikes would press everything else flat on a linear axis.
    let range = ChartScale.range(of: steps.gradientNorms)
    let isLogarithmic = range.map { $0.lowerBound > 0 && $0.upperBound > 30 * $0.lowerBound } ?? false
    var chart = chart(
      name: "gradient-norm", title: "Gradient norm before clipping", unit: "norm",
      series: withSmoothed("gradient norm", steps.gradientNorms, isLogarithmic: isLogarithmic),
      spoken: steps.gradientNorms)
    chart?.isLogarithmic = isLogarithmic
    return chart
  }

  var speed: LineChart? {
    chart(
      name: "speed", title: "Training speed", unit: "tokens a second",
      series: withSmoothed("tokens a second", steps.tokensPerSecond), spoken: steps.tokensPerSecond)
  }

  /// Rounds as ranges of the axis of steps.
  var bands: [LineChart.Band] {
    steps.rounds.map {
      LineChart.Band(
        number: $0.number, name: $0.name, start: Double($0.stepsBefore), end: Double($0.stepsBefore + $0.lastStep))
    }
  }

  private func chart(
    name: String, title: String, unit: String, series: [LineChart.Series], spoken: [Double]
  ) -> LineChart? {
    guard let last = steps.globalSteps.last else { return nil }
    let rounds = steps.rounds.compactMap { round -> String? in
      let values = spoken[round.range].filter(\.isFinite)
      guard let first = values.first, let last = values.last else { return nil }
      return "round \(round.number), \(round.name): from \(Numeral.short(first)) to \(Numeral.short(last))"
    }
    return LineChart(
      name: name, title: title, description: rounds.joined(separator: "; "), unit: unit, series: series, bands: bands,
      domain: 0...Double(last))
  }

  /// Two series: the values themselves, faint, and their running mean, which starts anew in each round.
  ///
  /// - Parameter isLogarithmic: true for the geometric mean, which is the middle on a logarithmic axis.
  private func withSmoothed(_ name: String, _ values: [Double], isLogarithmic: Bool = false) -> [LineChart.Series] {
    var smooth: [(x: Double, y: Double)] = []
    for round in steps.rounds {
      let own = isLogarithmic ? values[round.range].map { log($0) } : Array(values[round.range])
      let smoothed = Thinning.smoothed(own, halfLife: max(2, Double(own.count) / 100))
      let mean = isLogarithmic ? smoothed.map { exp($0) } : smoothed
      smooth += zip(steps.globalSteps[round.range], mean).map { (x: Double($0), y: $1) }
      // Nothing leads from one round to the next.
      smooth.append((x: Double(round.stepsBefore + round.lastStep), y: .nan))
    }
    return [
      LineChart.Series(name: name, style: 0, points: points(values[...]), isRaw: true),
      LineChart.Series(name: name + ", smoothed", style: 0, points: smooth),
    ]
  }

  private func points(_ values: ArraySlice<Double>) -> [(x: Double, y: Double)] {
    zip(steps.globalSteps, values).map { (x: Double($0), y: $1) }
  }
}

/// Losses on held-out rows over all steps: those within the rounds, and those of the matrix at their ends.
struct HeldOutCurves {
  /// One measurement of all datasets.
  struct Point: Equatable {
    /// Number of the step over all rounds.
    var globalStep: Int
    var losses: [Double?]
  }

  /// Measurements in the order of the steps; one that evaluations.jsonl and the matrix both have is there once.
  let points: [Point]
  private let datasets: [String]
  private let bands: [LineChart.Band]

  init(_ records: RunRecords) {
    datasets = records.datasets
    bands = StepCurves(records.steps).bands
    var byStep: [Int: [Double?]] = [:]
    for evaluation in records.evaluations {
      guard let step = records.steps.globalStep(round: evaluation.round, step: evaluation.step) else { continue }
      byStep[step] = evaluation.losses
    }
    // A branch begins where another run's rounds ended: its first steps start from that row's model.
    let start = (records.steps.rounds.first?.number ?? 1) - 1
    for (row, losses) in (records.transfer?.loss.rows ?? []).enumerated() {
      let round = records.steps.rounds.first { $0.number == row }
      guard let step = row == start ? 0 : round.map({ $0.stepsBefore + $0.lastStep }) else { continue }
      byStep[step] = losses
    }
    points = byStep.sorted { $0.key < $1.key }.map { Point(globalStep: $0.key, losses: $0.value) }
  }

  var chart: LineChart? {
    guard points.count > 1 else { return nil }
    let series = datasets.enumerated().compactMap { index, name -> LineChart.Series? in
      let known = points.compactMap { point in
        (index < point.losses.count ? point.losses[index] : nil).map { (x: Double(point.globalStep), y: $0) }
      }
      guard !known.isEmpty else { return nil }
      return LineChart.Series(name: name, style: index, points: known, hasMarkers: true, isNamed: true)
    }
    let spoken = series.compactMap { one in
      one.points.last.map { "\(one.name): from \(Numeral.fixed(one.points[0].y)) to \(Numeral.fixed($0.y))" }
    }
    return LineChart(
      name: "validation", title: "Held-out loss within and after the rounds",
      description: spoken.joined(separator: "; "), unit: "nats a token", series: series, bands: bands,
      domain: 0...Double(max(points.last?.globalStep ?? 1, 1)))
  }
}
