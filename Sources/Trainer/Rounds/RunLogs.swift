/// The files that grow while a run goes on.
struct RunLogs {
  let metrics: StepLog<MetricsLine>
  let evaluations: StepLog<EvaluationLine>

  /// Opens them, without the lines of steps that the state does not know: those steps are taken again.
  init(_ folder: RunFolder, upTo state: RunState) throws {
    func isKnown(_ line: some StepLogLine) -> Bool {
      line.round < state.round || (line.round == state.round && line.step <= state.step)
    }
    metrics = try StepLog(folder.metrics) { isKnown($0) }
    evaluations = try StepLog(folder.evaluations) { isKnown($0) }
  }
}
