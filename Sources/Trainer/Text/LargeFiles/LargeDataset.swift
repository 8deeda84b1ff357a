import Foundation

/// A dataset of large files: its rows are found by their places, and read one by one.
struct LargeDataset {
  /// Rows that the counts of tokens are estimated from, and how many of them are the first.
  private static let sampledRows = 1000
  private static let firstRows = 16

  private let files: RowFiles
  private let rows: IndexedRows
  private let part: DatasetPart
  private let settings: RowSettings

  /// Opens the files where they are large; nil where the dataset is read from end to end, as it was by a run that began
  /// when texts were cut.
  ///
  /// - Parameter leastByteCount: bytes of large files together; nil: none are large.
  init?(
    _ files: RowFiles, columns: ColumnNames, part: DatasetPart, settings: RowSettings, from leastByteCount: Int?
  ) throws(DatasetError) {
    guard settings.splitsTexts, let leastByteCount, let indexed = try files.indexed(from: leastByteCount) else {
      return nil
    }
    (self.files, self.part, self.settings) = (files, part, settings)
    rows = IndexedRows(indexed, columns: columns, part: part, of: files)
    guard rows.fileRowCount > (part == .whole ? 0 : 1) else { return nil }
  }

  /// Reads all held-out rows; of other rows so many that their tokens can be estimated.
  func load(
    name: String, encoder: RowEncoder, tokenizer: (any Tokenizer)?, vocabularySize: Int, sequenceLength: Int,
    reversal: Reversal?, inspect: (EncodedRow) -> Void
  ) throws(DatasetError) -> Dataset {
    let store = TokenStore(key: try key(tokenizer, vocabularySize), vocabularySize: vocabularySize)
    let drawn = DrawnRows(
      rows, encoder: encoder, settings: settings, sequenceLength: sequenceLength, reversal: reversal, store: store)
    let isHeldOut = if case .heldOut = part { true } else { false }
    let counted = isHeldOut ? Array(0..<rows.count) : sampled
    let builder = try drawn.statistics(of: counted, inspect: inspect)
    // Says so where no row has anything to learn.
    let dataset = try builder.dataset(name: name, files: files)
    drawn.flush()
    if isHeldOut { return dataset }
    var statistics = builder.statistics
    let factor = Double(rows.count) / Double(counted.count)
    for count in [\.cut, \.split, \.tooLong, \.dropped, \.tokens, \.supervisedTokens]
      as [WritableKeyPath<DatasetStatistics, Int>]
    {
      statistics[keyPath: count] = Int((Double(statistics[keyPath: count]) * factor).rounded())
    }
    statistics.rows = rows.count
    statistics.isEstimated = counted.count < rows.count
    return Dataset(name: name, files: files, drawn: drawn, statistics: statistics, remarks: builder.remarks)
  }

  /// The first rows, and others that a fixed seed chooses.
  private var sampled: [Int] {
    let order = KeyedPermutation(count: rows.count, random: KeyedRandom(0))
    let chosen = (0..<min(Self.sampledRows - Self.firstRows, rows.count)).map { order($0) }
    return Set(chosen + (0..<min(Self.firstRows, rows.count))).sorted()
  }

  /// A name for everything on which the rows' tokens depend.
  private func key(_ tokenizer: (any Tokenizer)?, _ vocabularySize: Int) throws(DatasetError) -> String {
    let identity = (tokenizer as? SubwordTokenizer)?.contentHash ?? "\(type(of: tokenizer)) \(vocabularySize)"
    let special = tokenizer.map { "\($0.special)" } ?? ""
    let parts = [
      try rows.hash(), identity, special, tokenizer?.chatTemplate ?? "", "\(vocabularySize)", "\(settings)",
    ]
    return FileHash.sha256(of: Data(parts.joined(separator: "\n").utf8))
  }
}

extension RowFiles {
  /// A name for the content of the files, their columns, and a part of their rows.
  func contentKey(_ columns: ColumnNames, _ part: DatasetPart) throws(DatasetError) -> String {
    let names = columns.pairs.map { "\($0.key)=\($0.column)" }.joined(separator: ",")
    do throws(FileError) {
      return "\(try sha256()) \(names) \(part)"
    } catch {
      throw ColumnFileReader.fault(error)
    }
  }
}
