/// Remarks on files of rows, beside its counts.
package struct DatasetRemarks: Sendable, Equatable {
  /// Keys of its rows that are not read and change nothing; a turn's key is spelled `messages[].id`.
  package var passedKeys: Set<String> = []
  /// The form of its rows of a prompt and a completion; nil where it has none.
  package private(set) var completionForm: CompletionForm?
  /// Rows whose completion has no words, and the place of the first.
  package private(set) var emptyCompletions = 0
  private var firstEmpty = ""

  package init() {}

  /// Takes note of a row.
  mutating func add(_ row: DatasetRow, at place: String, form: CompletionForm) {
    guard case .completion(_, let completion, _) = row else { return }
    completionForm = form
    guard !TextBorder.says(completion.utf8) else { return }
    if emptyCompletions == 0 { firstEmpty = place }
    emptyCompletions += 1
  }

  /// A line about completions without words; nil where there are none.
  package var emptiness: String? {
    guard emptyCompletions > 0 else { return nil }
    return
      "\(firstEmpty): the completion has no words\(emptyCompletions > 1 ? ", nor have \(emptyCompletions - 1) more" : "")"
      + ": the model learns to answer nothing there; leave out what should not be learnt"
  }

  /// A line about the keys that are not read; nil where there are none.
  package func note(of path: String) -> String? {
    guard !passedKeys.isEmpty else { return nil }
    let more = passedKeys.count > 8 ? " and \(passedKeys.count - 8) more" : ""
    return "\(path): of its rows the keys \(listed(passedKeys))\(more) are not read"
  }
}

extension [Dataset] {
  /// Lines for the files of each dataset whose rows hold keys that are not read, or completions without words.
  package var notes: [String] {
    var seen: Set<String> = []
    return flatMap { [$0.remarks.note(of: $0.files.path), $0.remarks.emptiness] }.compactMap { $0 }
      .filter { seen.insert($0).inserted }
  }
}

/// Lines that say how the trained model is to be asked, which follows from how its prompts and completions were written;
/// none where the model has no chat template, and so can be asked in one way only.
///
/// - Parameter rounds: names of the rounds, each with the form of its rows; nil: it has no such rows.
package func askingNotes(
  _ tokenizer: (any Tokenizer)?, rounds: [(name: String, form: CompletionForm?)]
) -> [String] {
  guard tokenizer?.chatTemplate != nil else { return [] }
  func list(_ form: CompletionForm) -> String? {
    let names = rounds.filter { $0.form == form }.map { excerpt($0.name) }
    return names.isEmpty ? nil : names.joined(separator: ", ")
  }
  let chat = list(.chat).map {
    "the prompts and completions of \($0) are turns of the model's chat template: ask the trained model with --chat"
  }
  let raw = list(.raw).map {
    "the prompts and completions of \($0) are joined as they stand (template: none): ask the trained model with --prompt, "
      + "not --chat"
  }
  return [chat, raw].compactMap { $0 }
}
