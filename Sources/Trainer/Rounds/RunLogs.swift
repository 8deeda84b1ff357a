/// Logs of a run: the files that grow line by line while it goes on.
struct RunLogs {
  let metrics: MetricsFile
  let evaluations: EvaluationsFile

  /// Opens the files, and drops the lines of steps after the state: those steps are taken again.
  init(_ folder: RunFolder, upTo state: RunState) throws {
    metrics = try MetricsFile(in: folder.url, upTo: state.step, ofRound: state.round)
    // Where an evaluation is pending, a run that was killed right after it may have left its line.
    evaluations = try EvaluationsFile(
      in: folder.url, upTo: state.pending == .evaluation ? state.step - 1 : state.step, ofRound: state.round)
  }
}
