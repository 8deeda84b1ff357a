/// Is told of a run's progress; the command line makes lines, a progress bar and reports of it.
package struct RunObserver {
  /// A remark: what was loaded, cut, saved.
  package var note: (String) -> Void
  /// A step whose numbers have arrived, and the round's steps in all.
  package var step: (MetricsLine, _ totalSteps: Int) -> Void
  /// A micro-batch that is about to be trained on, with the datasets that its segments name.
  package var batch: (MicroBatch, [Dataset]) throws -> Void = { _, _ in }
  /// The end of a round, kept or refused, once its record and the state are saved.
  package var roundEnded: () throws -> Void = {}

  package init(note: @escaping (String) -> Void, step: @escaping (MetricsLine, _ totalSteps: Int) -> Void) {
    self.note = note
    self.step = step
  }
}
