/// What a run tells while it goes on; the command line makes lines or a progress bar of it.
package struct RunObserver {
  /// A remark: what was loaded, cut, saved.
  package var note: (String) -> Void
  /// A step whose numbers have arrived, and the round's steps in all.
  package var step: (MetricsLine, _ totalSteps: Int) -> Void
  /// A micro-batch that is about to be trained on, with the datasets that its segments name.
  package var batch: (MicroBatch, [Dataset]) throws -> Void = { _, _ in }

  package init(note: @escaping (String) -> Void, step: @escaping (MetricsLine, _ totalSteps: Int) -> Void) {
    self.note = note
    self.step = step
  }
}
