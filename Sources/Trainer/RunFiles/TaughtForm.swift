import Foundation

/// The form in which a run taught its model prompts and completions, as the record in the model's folder says.
package enum TaughtForm: Sendable, Equatable {
  /// Every dataset's rows were written alike.
  case alike(CompletionForm)
  /// Datasets differ; the form of the last round that has such rows.
  case mixed(last: CompletionForm)
  /// An older release trained the model, whose prompts and completions, if there were any, were raw.
  case unrecorded

  /// Reads the record in a model's folder, or in that of its adapter.
  ///
  /// - Parameters:
  ///   - model: the model's folder or file.
  ///   - adapter: the folder of an adapter beside it.
  /// - Returns: nil where no run recorded anything there, or none of its datasets has a prompt and a completion.
  package static func read(model: URL, adapter: URL?) throws(FileError) -> TaughtForm? {
    for folder in [adapter, model].compactMap({ $0 }) where folder.isFolder {
      guard let record = try RoundFile.read(in: folder) else { continue }
      return record.taughtForm
    }
    return nil
  }
}

extension RoundFile {
  /// The form of the run's prompts and completions; nil where it has none.
  package var taughtForm: TaughtForm? {
    guard let templates else { return .unrecorded }
    let known = templates[name] ?? datasets.reversed().lazy.compactMap { templates[$0.name] }.first
    guard let last = known else { return nil }
    return Set(templates.values).count == 1 ? .alike(last) : .mixed(last: last)
  }
}

extension CompletionForm: RecordValue {
  package static var recordKind: String { "\"chat\" or \"raw\"" }

  package init?(record value: JSON) {
    guard let form = value.string.flatMap(CompletionForm.init(rawValue:)) else { return nil }
    self = form
  }
}
