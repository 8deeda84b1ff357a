import Foundation

/// Curves of a run as TensorBoard events: `train/…` a step, `valid/DATASET` an evaluation; steps count over all rounds.
package struct RunEvents {
  private let records: RunRecords

  package init(_ records: RunRecords) {
    self.records = records
  }

  /// Content of the event file.
  package func bytes() throws -> [UInt8] {
    var file = try EventFile()
    let steps = records.steps
    let held = HeldOutCurves(records).points
    var next = 0

    func appendHeldOut(upTo step: Int) throws {
      while next < held.count, held[next].globalStep <= step {
        let point = held[next]
        next += 1
        let scalars = zip(records.datasets, point.losses).compactMap { name, loss in
          loss.map { (tag: "valid/\(name)", value: $0) }
        }
        guard !scalars.isEmpty else { continue }
        try file.append(step: point.globalStep, wallTime: wallTime(after: point.globalStep), scalars: scalars)
      }
    }

    try appendHeldOut(upTo: 0)
    for round in steps.rounds {
      let times = RoundTimes(round, records.rounds)
      for index in round.range {
        let columns = [
          ("train/loss", steps.losses[index]), ("train/learning_rate", steps.learningRates[index]),
          ("train/grad_norm", steps.gradientNorms[index]), ("train/tokens_per_second", steps.tokensPerSecond[index]),
        ]
        let scalars = columns.compactMap { $1.isFinite ? (tag: $0, value: $1) : nil }
        let step = steps.globalSteps[index]
        try file.append(step: step, wallTime: times.wallTime(step), scalars: scalars)
        try appendHeldOut(upTo: step)
      }
    }
    try appendHeldOut(upTo: .max)
    return file.bytes
  }

  private func wallTime(after step: Int) -> Double {
    let round = records.steps.rounds.first { step <= $0.stepsBefore + $0.lastStep }
    return round.map { RoundTimes($0, records.rounds).wallTime(step) } ?? 0
  }

  /// Times of a round's steps, spread evenly over the time in its record; 0 where the record has none.
  private struct RoundTimes {
    private var start = 0.0
    private var secondsPerStep = 0.0
    private let stepsBefore: Int

    init(_ round: StepColumns.Round, _ summaries: [RoundRecords]) {
      stepsBefore = round.stepsBefore
      guard let summary = summaries.first(where: { $0.round == round.number }), let end = summary.endDate,
        round.lastStep > 0
      else { return }
      start = end.timeIntervalSince1970 - summary.seconds
      secondsPerStep = summary.seconds / Double(round.lastStep)
    }

    func wallTime(_ globalStep: Int) -> Double { start + secondsPerStep * Double(globalStep - stepsBefore) }
  }
}
