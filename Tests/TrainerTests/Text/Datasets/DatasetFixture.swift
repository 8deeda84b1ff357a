import Foundation

import Trainer

/// A dataset's file in a folder of its own, which is removed with the fixture.
final class DatasetFixture {
  let file: URL

  convenience init(_ lines: String, name: String = "train.jsonl") throws {
    try self.init(Data(lines.utf8), name: name)
  }

  init(_ content: Data, name: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "dataset-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    file = folder.appending(path: name)
    try content.write(to: file)
  }

  deinit { try? FileManager.default.removeItem(at: file.deletingLastPathComponent()) }

  func load(
    columns: ColumnNames = .none, part: DatasetPart = .whole, settings: RowSettings = RowSettings(),
    tokenizer: (any Tokenizer)? = WordTokenizer(), vocabularySize: Int = 2_000_000, sequenceLength: Int = 64,
    reversal: Reversal? = nil
  ) throws(DatasetError) -> Dataset {
    try Dataset.load(
      name: "d", files: RowFiles(file), columns: columns, part: part, settings: settings, tokenizer: tokenizer,
      vocabularySize: vocabularySize, sequenceLength: sequenceLength, reversal: reversal)
  }

  /// The error that loading ends in, or nil.
  func error(
    columns: ColumnNames = .none, part: DatasetPart = .whole, settings: RowSettings = RowSettings(),
    tokenizer: (any Tokenizer)? = WordTokenizer(), vocabularySize: Int = 2_000_000, sequenceLength: Int = 64,
    reversal: Reversal? = nil
  ) -> DatasetError? {
    do {
      _ = try load(
        columns: columns, part: part, settings: settings, tokenizer: tokenizer, vocabularySize: vocabularySize,
        sequenceLength: sequenceLength, reversal: reversal)
      return nil
    } catch {
      return error
    }
  }

  /// The last row's conversation, with all that its row says; nil where it is none.
  func conversation(columns: ColumnNames = .none) throws(DatasetError) -> Conversation? {
    var tokenizer = WordTokenizer()
    // Asks for everything, so that no row is refused.
    tokenizer.chatTemplate =
      "{{ [tools, tool_calls, function_call, thinking] | length }}{% generation %}a{% endgeneration %}"
      + "{% for m in messages %}{{ m.content }}{% endfor %}"
    var conversation: Conversation?
    _ = try Dataset.load(
      name: "d", files: RowFiles(file), columns: columns, tokenizer: tokenizer, vocabularySize: 2_000_000,
      sequenceLength: 64
    ) { if case .conversation(let turns) = $0.row { conversation = turns } }
    return conversation
  }

  /// The texts of the rows, special tokens left out.
  func texts(columns: ColumnNames = .none, part: DatasetPart = .whole) throws -> [String] {
    try load(columns: columns, part: part).samples.map { WordTokenizer().decode($0.ids, skipSpecial: true) }
  }

  /// Datasets of rows with these lengths, one dataset a list; all but the first token of a row are supervised. Each
  /// sample's reversed variant is its tokens back to front, as for rows without BOS and EOS.
  static func datasets(lengths: [[Int]]) -> [Dataset] {
    lengths.enumerated().map { index, rows in
      let samples = rows.map { length in
        let ids = (0..<length).map { Int32($0) }
        return Sample(ids: ids, labels: [Sample.ignoredLabel] + ids.dropFirst())
      }
      return Dataset(
        name: "d\(index)", files: RowFiles(["/d\(index)"]), samples: samples,
        reversed: samples.map { Sample(ids: $0.ids.reversed(), labels: $0.labels.reversed()) },
        statistics: DatasetStatistics())
    }
  }
}
