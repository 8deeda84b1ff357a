import Foundation

/// Counts of a dataset's rows and tokens.
package struct DatasetStatistics: Sendable, Equatable, Codable {
  /// Rows read.
  package var rows = 0
  /// Rows whose end was cut off, being longer than a sequence.
  package var cut = 0
  /// Rows that are longer than a sequence and go on in the next sample; a document is one row.
  package var split = 0
  /// Rows left out because they are longer than a sequence (`long_rows: drop`).
  package var tooLong = 0
  /// Rows left out because the cut sample, or its reversed variant where there is one, has no supervised token, or no
  /// part of a row that is split has one.
  package var dropped = 0
  /// Tokens of the samples.
  package var tokens = 0
  /// Tokens of the samples that are predicted and supervised.
  package var supervisedTokens = 0
  /// True where all but `rows` is estimated from some of the rows.
  package var isEstimated = false

  package init() {}
}

/// Files of rows, encoded: at least one sample, each with at least one supervised token.
///
/// Of a small dataset all samples are held; the rows of a large one are encoded when they are drawn.
package struct Dataset: Sendable {
  package let name: String
  package let files: RowFiles
  /// All samples; none of a large dataset, whose rows are encoded when they are drawn.
  package let samples: [Sample]
  /// Rows of a large dataset; nil where all samples are held.
  let drawn: DrawnRows?
  /// The reversed variant of each sample; nil where no round reads one.
  package let reversed: [Sample]?
  package let statistics: DatasetStatistics
  /// Remarks on the files.
  package let remarks: DatasetRemarks
  /// Place at which each sample's row stands; empty where unknown.
  private let places: RowPlaces

  package init(
    name: String, files: RowFiles, samples: [Sample], reversed: [Sample]? = nil, statistics: DatasetStatistics,
    remarks: DatasetRemarks = DatasetRemarks(), places: RowPlaces = RowPlaces()
  ) {
    precondition(reversed.map { $0.count == samples.count } ?? true, "a variant for each sample")
    self.name = name
    self.files = files
    self.samples = samples
    self.reversed = reversed
    self.statistics = statistics
    self.remarks = remarks
    self.places = places
    drawn = nil
  }

  /// A large dataset.
  init(name: String, files: RowFiles, drawn: DrawnRows, statistics: DatasetStatistics, remarks: DatasetRemarks) {
    (self.name, self.files, self.drawn) = (name, files, drawn)
    (samples, reversed, places) = ([], nil, RowPlaces())
    (self.statistics, self.remarks) = (statistics, remarks)
  }

  /// Samples to draw from; of a large dataset, its rows.
  package var count: Int { drawn?.count ?? samples.count }

  /// The index of the sample that a draw gives, and the sample as it is read; nil where a row of a large dataset is none.
  func draw(_ draw: Draw) -> (index: Int, sample: Sample)? {
    if let drawn { return drawn.draw(draw.sample, pass: draw.pass, reversed: draw.reversed) }
    return (draw.sample, sample(draw.sample, reversed: draw.reversed))
  }

  /// A sample, or its reversed variant.
  package func sample(_ index: Int, reversed isReversed: Bool) -> Sample {
    if let drawn { return drawn.sample(index, reversed: isReversed) }
    guard isReversed else { return samples[index] }
    guard let reversed else { preconditionFailure("a round that reads in reverse has the variants") }
    return reversed[index]
  }

  /// A line about rows of a large dataset that were drawn and are no samples; nil where there are none.
  package var passedNote: String? {
    guard let count = drawn?.passedCount, count > 0 else { return nil }
    return "\(name): \(count) of the rows that are drawn have no supervised token within a sequence and are passed over"
  }

  /// The first row that is a sample.
  package var firstSample: Sample? {
    guard let drawn else { return samples.first }
    return (0..<drawn.count).lazy.compactMap { drawn.draw($0, pass: 0, reversed: false)?.sample }.first
  }

  /// True where a sample that is held has a weight other than 1.
  package var hasWeights: Bool { samples.contains { $0.weight != 1 } }

  /// Every sample that is held, and after them every reversed variant.
  package var variants: [Sample] { samples + (reversed ?? []) }

  /// Place of a sample's row: `path/train.jsonl:17`, or its file alone.
  package func place(of sample: Int) -> String {
    if let drawn { return drawn.rows.place(of: sample % drawn.count) }
    return places[sample] ?? files.path
  }

  /// Reads and encodes files.
  /// - Parameters:
  ///   - columns: the files' columns for the rows' keys.
  ///   - part: the rows to read.
  ///   - largeFrom: bytes of the files together from which on their rows are encoded when they are drawn, or read alone
  ///     where they are held out; nil: all rows are read.
  ///   - settings: the way in which rows become samples.
  ///   - tokenizer: nil where the rows are tokenised already.
  ///   - vocabularySize: the model's; ids are below it.
  ///   - sequenceLength: tokens of the longest sample. A longer text goes on in the next sample; the end of any other
  ///     row is cut, unless the settings say otherwise.
  ///   - reversal: makes the samples' reversed variants, which are cut as the samples are.
  ///   - inspect: called with each row before it is cut; with some of them, where they are encoded when they are drawn.
  package static func load(
    name: String, files: RowFiles, columns: ColumnNames = .none, part: DatasetPart = .whole, largeFrom: Int? = nil,
    settings: RowSettings = RowSettings(),
    tokenizer: (any Tokenizer)?, vocabularySize: Int, sequenceLength: Int, reversal: Reversal? = nil,
    inspect: (EncodedRow) -> Void = { _ in }
  ) throws(DatasetError) -> Dataset {
    let encoder = RowEncoder(tokenizer: tokenizer, vocabularySize: vocabularySize, settings: settings)
    if let large = try LargeDataset(files, columns: columns, part: part, settings: settings, from: largeFrom) {
      return try large.load(
        name: name, encoder: encoder, tokenizer: tokenizer, vocabularySize: vocabularySize,
        sequenceLength: sequenceLength, reversal: reversal, inspect: inspect)
    }
    let reader = try DatasetReader(files, columns: columns)
    let count = part == .whole ? 0 : try reader.countRows()
    if count == 1 {
      throw DatasetError(
        place: files.path, message: "holds one row, and split leaves one on each side: add rows, or remove split")
    }
    var builder = SampleBuilder(sequenceLength: sequenceLength, hasVariants: reversal != nil)
    let passed = try reader.forEachRow { entry throws(DatasetError) in
      let (row, index) = (entry.row, entry.index)
      guard part.contains(index, of: count) else { return }
      builder.remarks.add(row, at: entry.place, form: encoder.completionForm)
      do throws(RowEncoder.Fault) {
        let sample = try encoder.encode(row).weighted(entry.weight)
        let fate = settings.fate(of: row, isDocument: entry.isDocument)
        inspect(EncodedRow(place: entry.place, row: row, sample: sample, fate: fate))
        try builder.add(sample, fate: fate, place: entry.place) { piece, number throws(RowEncoder.Fault) in
          try encoder.checked(reversal?.variant(of: encoder.written(row), sample: piece, index: index, piece: number))
        }
      } catch {
        throw DatasetError(place: entry.place, message: error.message)
      }
    }
    builder.remarks.passedKeys = passed
    return try builder.dataset(name: name, files: files)
  }
}

/// A row in tokens, uncut, and where it came from.
package struct EncodedRow: Sendable {
  /// `path/train.jsonl:17`.
  package let place: String
  /// The row as its file has it.
  package let row: DatasetRow
  package let sample: Sample
  /// The fate of tokens beyond a sequence.
  package let fate: RowSettings.LongRows
}
