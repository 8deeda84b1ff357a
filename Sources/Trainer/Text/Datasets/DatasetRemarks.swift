/// Remarks on a file of rows, beside its counts.
package struct DatasetRemarks: Sendable, Equatable {
  /// Keys of its rows that are not read and change nothing; a turn's key is spelled `messages[].id`.
  package var passedKeys: Set<String> = []
  /// True where some rows are a prompt and a completion.
  package var hasCompletions = false

  package init() {}

  /// A line about the keys that are not read; nil where there are none.
  package func note(of path: String) -> String? {
    guard !passedKeys.isEmpty else { return nil }
    let more = passedKeys.count > 8 ? " and \(passedKeys.count - 8) more" : ""
    return "\(path): of its rows the keys \(listed(passedKeys))\(more) are not read"
  }
}

extension [Dataset] {
  /// A line for each file whose rows hold keys that are not read.
  package var notes: [String] {
    var seen: Set<String> = []
    return compactMap { $0.remarks.note(of: $0.url.path) }.filter { seen.insert($0).inserted }
  }
}

/// Warning that prompts and completions are joined as they stand although the model has a chat template.
///
/// - Parameter rounds: names of the rounds with such rows.
/// - Returns: nil where there is no template, or no such round.
package func templateWarning(_ tokenizer: (any Tokenizer)?, rounds: [String]) -> String? {
  guard tokenizer?.chatTemplate != nil, !rounds.isEmpty else { return nil }
  let list = rounds.map(excerpt).joined(separator: ", ")
  return "warning: the prompts and completions of \(list) are joined as they stand, without the model's chat template: "
    + "ask the trained model with --prompt, not --chat, or give the rows as {messages}"
}
