/// Settings by which a dataset's rows become samples.
package struct RowSettings: Sendable, Equatable {
  /// The way in which prompts and completions are written (`template`).
  package enum Template: String, Sendable, CaseIterable {
    /// As a user's and an assistant's turn, where the model has a chat template; else as they stand.
    case auto
    /// As they stand.
    case none
  }

  /// Assistant turns that are learnt (`train_on`).
  package enum LearntTurns: String, Sendable, CaseIterable {
    case all
    case last
  }

  /// The fate of a row that is longer than a sequence (`long_rows`).
  package enum LongRows: String, Sendable, CaseIterable {
    /// Its end is left out.
    case cut
    /// It is left out.
    case drop
    /// It goes on in the next sample.
    case split
  }

  package var template = Template.auto
  package var learntTurns = LearntTurns.all
  /// True where prompts and the turns of others are learnt too (`train_on_inputs`). Held-out rows are measured on their
  /// answers all the same.
  package var learnsInputs = false
  package var longRows = LongRows.cut
  /// True where a text that is longer than a sequence goes on in the next sample, whatever `longRows` says of other rows;
  /// false for a run that began when texts were cut. No key of a recipe.
  package var splitsTexts = true

  package init() {}

  /// Settings by which held-out rows are measured: on their answers alone, as their task asks for them.
  var measuring: RowSettings {
    var settings = self
    settings.learnsInputs = false
    return settings
  }

  /// The fate of a row that is longer than a sequence; a document is always split.
  func fate(of row: DatasetRow, isDocument: Bool) -> LongRows {
    if isDocument { return .split }
    guard splitsTexts, case .text = row else { return longRows }
    return .split
  }
}
