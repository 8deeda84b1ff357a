/// Watches for steps whose loss or gradient is not finite: the device has skipped their updates.
struct SkippedSteps {
  /// Skipped steps in a row that end a run.
  private static let patience = 5

  /// The round's name.
  let round: String
  let totalSteps: Int
  let datasets: [Dataset]
  let evaluator: RunEvaluator
  let note: (String) -> Void

  /// Counts the skipped steps among those whose numbers were read, and names the rows that each of them read.
  ///
  /// - Throws: `RoundError.lossNotFinite` after too many in a row, and where a round has not one finite step.
  func check(
    _ statistics: [TrainingStep.Statistics], of steps: PendingSteps, _ state: inout RunState
  ) throws {
    for (step, numbers) in zip(steps.first..., statistics) {
      guard !numbers.isFinite else {
        state.stepsNotFinite = 0
        state.lastLoss = numbers.loss
        continue
      }
      state.stepsNotFinite += 1
      let rows = try suspects(steps.batches(ofStep: step))
      note("round \(round), step \(step): loss or gradient is not finite, its update is skipped; it read \(rows)")
      // A round without one finite step has learned nothing.
      if state.stepsNotFinite == Self.patience || (step == totalSteps && state.lastLoss == nil) {
        throw RoundError.lossNotFinite(round: round, step: step, steps: state.stepsNotFinite, rows: rows)
      }
    }
  }

  /// The places of the rows of a step that have no finite loss by themselves; of all its rows where none is so.
  private func suspects(_ batches: [MicroBatch]) throws -> String {
    let segments = batches.flatMap(\.segments)
    let isNotFinite = try evaluator.areNotFinite(
      segments.map { datasets[$0.dataset].sample($0.sample, reversed: $0.reversed) })
    let poisoned = zip(segments, isNotFinite).filter(\.1).map(\.0)
    let places = (poisoned.isEmpty ? segments : poisoned).map { datasets[$0.dataset].place(of: $0.sample) }
    let shown = 5
    return places.prefix(shown).joined(separator: ", ")
      + (places.count > shown ? " and \(places.count - shown) more" : "")
  }
}
