/// The files that grow while a run goes on.
struct RunLogs {
  let metrics: StepLog<MetricsLine>
  let evaluations: StepLog<EvaluationLine>

  /// Opens them, without the lines of steps that the state does not know: those steps are taken again.
  init(_ folder: RunFolder, upTo state: RunState) throws {
    metrics = try StepLog(folder.metrics, upTo: state.step, ofRound: state.round)
    // An evaluation that is still to be made has a line where a run that made it was killed after it.
    evaluations = try StepLog(
      folder.evaluations, upTo: state.pending == .evaluation ? state.step - 1 : state.step, ofRound: state.round)
  }
}
