import Foundation

/// Counts of a dataset's rows and tokens.
package struct DatasetStatistics: Sendable, Equatable, Codable {
  /// Rows read.
  package var rows = 0
  /// Rows whose end was cut off, being longer than a sequence.
  package var cut = 0
  /// Rows left out because the cut sample, or its reversed variant where there is one, has no supervised token.
  package var dropped = 0
  /// Tokens of the samples.
  package var tokens = 0
  /// Tokens of the samples that are predicted and supervised.
  package var supervisedTokens = 0

  package init() {}
}

/// A file of rows, encoded: at least one sample, each with at least one supervised token.
package struct Dataset: Sendable {
  package let name: String
  package let url: URL
  package let samples: [Sample]
  /// The reversed variant of each sample; nil where no round reads one.
  package let reversed: [Sample]?
  package let statistics: DatasetStatistics
  /// Remarks on the file.
  package let remarks: DatasetRemarks
  /// Line of the file, from 1, at which each sample's row stands; empty where unknown.
  private let lines: [Int32]

  package init(
    name: String, url: URL, samples: [Sample], reversed: [Sample]? = nil, statistics: DatasetStatistics,
    remarks: DatasetRemarks = DatasetRemarks(), lines: [Int32] = []
  ) {
    precondition(reversed.map { $0.count == samples.count } ?? true, "a variant for each sample")
    self.name = name
    self.url = url
    self.samples = samples
    self.reversed = reversed
    self.statistics = statistics
    self.remarks = remarks
    self.lines = lines
  }

  /// A sample, or its reversed variant.
  package func sample(_ index: Int, reversed isReversed: Bool) -> Sample {
    guard isReversed else { return samples[index] }
    guard let reversed else { preconditionFailure("a round that reads in reverse has the variants") }
    return reversed[index]
  }

  /// True where a row has a weight other than 1.
  package var hasWeights: Bool { samples.contains { $0.weight != 1 } }

  /// Every sample, and after them every reversed variant.
  package var variants: [Sample] { samples + (reversed ?? []) }

  /// Place of a sample's row: `path/train.jsonl:17`, or the path alone.
  package func place(of sample: Int) -> String {
    guard lines.indices.contains(sample), lines[sample] > 0 else { return url.path }
    return "\(url.path):\(lines[sample])"
  }

  /// Reads and encodes a file.
  /// - Parameters:
  ///   - columns: the file's columns for the rows' keys.
  ///   - part: the rows to read.
  ///   - settings: the way in which rows become samples.
  ///   - tokenizer: nil where the rows are tokenised already.
  ///   - vocabularySize: the model's; ids are below it.
  ///   - sequenceLength: tokens of the longest sample. A row's end is cut; a `.txt` document, which is mostly longer,
  ///     goes on in the next sample instead.
  ///   - reversal: makes the samples' reversed variants, which are cut as the samples are.
  ///   - inspect: called with each row before it is cut.
  package static func load(
    name: String, url: URL, columns: ColumnNames = .none, part: DatasetPart = .whole,
    settings: RowSettings = RowSettings(),
    tokenizer: (any Tokenizer)?, vocabularySize: Int, sequenceLength: Int, reversal: Reversal? = nil,
    inspect: (EncodedRow) -> Void = { _ in }
  ) throws(DatasetError) -> Dataset {
    let encoder = RowEncoder(tokenizer: tokenizer, vocabularySize: vocabularySize, settings: settings)
    let reader = try DatasetReader(url: url, columns: columns)
    let isDocument = reader.format.kind == .document
    let count = part == .whole ? 0 : try reader.countRows()
    if count == 1 {
      throw DatasetError(
        place: url.path, message: "holds one row, and split leaves one on each side: add rows, or remove split")
    }
    var builder = Builder(sequenceLength: sequenceLength, hasVariants: reversal != nil)
    let passed = try reader.forEachRow { entry throws(DatasetError) in
      let (row, index, place) = (entry.row, entry.index, entry.place)
      guard part.contains(index, of: count) else { return }
      builder.remarks.add(row, at: place, form: encoder.completionForm)
      do throws(RowEncoder.Fault) {
        let sample = try encoder.encode(row).weighted(entry.weight)
        inspect(EncodedRow(place: place, row: row, sample: sample, isDocument: isDocument))
        builder.statistics.rows += 1
        guard isDocument, sample.length > sequenceLength else {
          let variant = try encoder.checked(reversal?.variant(of: encoder.written(row), sample: sample, index: index))
          builder.keep(sample, variant, line: Self.line(in: place))
          return
        }
        // The last piece may be one token, which no token predicts: it alone is lost.
        for (number, piece) in sample.pieces(of: sequenceLength).enumerated() where piece.targetCount > 0 {
          let variant = try encoder.checked(
            reversal?.variant(of: encoder.written(row), sample: piece, index: index, piece: number))
          builder.keep(piece, variant, line: Self.line(in: place))
        }
      } catch {
        throw DatasetError(place: place, message: error.message)
      }
    }
    builder.remarks.passedKeys = passed
    return try builder.dataset(name: name, url: url)
  }

  /// The line that a place names; 0 where it names the file alone.
  private static func line(in place: String) -> Int32 {
    place.lastIndex(of: ":").flatMap { Int32(place[place.index(after: $0)...]) } ?? 0
  }
}

/// A row in tokens, uncut, and where it came from.
package struct EncodedRow: Sendable {
  /// `path/train.jsonl:17`.
  package let place: String
  /// The row as its file has it.
  package let row: DatasetRow
  package let sample: Sample
  /// True where tokens beyond a sequence go on in the next sample, as in a document.
  package let isDocument: Bool
}

/// Collects samples: cuts them to a sequence, drops those without a target, and counts.
private struct Builder {
  let sequenceLength: Int
  private var samples: [Sample] = []
  private var reversed: [Sample]?
  private var lines: [Int32] = []
  var statistics = DatasetStatistics()
  var remarks = DatasetRemarks()

  init(sequenceLength: Int, hasVariants: Bool) {
    precondition(sequenceLength >= 2, "a sequence of one token has nothing to predict")
    self.sequenceLength = sequenceLength
    reversed = hasVariants ? [] : nil
  }

  /// - Parameter variant: the sample's reversed variant, where there is one.
  mutating func keep(_ whole: Sample, _ variant: Sample?, line: Int32) {
    let sample = whole.prefix(sequenceLength)
    let variant = variant?.prefix(sequenceLength)
    if whole.length > sequenceLength { statistics.cut += 1 }
    let targets = sample.targetCount
    // A row needs a target in each direction that it may be read in.
    guard targets > 0, variant?.targetCount != 0 else {
      statistics.dropped += 1
      return
    }
    statistics.tokens += sample.length
    statistics.supervisedTokens += targets
    samples.append(sample)
    if let variant { reversed?.append(variant) }
    lines.append(line)
  }

  func dataset(name: String, url: URL) throws(DatasetError) -> Dataset {
    guard statistics.rows > 0 else {
      throw DatasetError(place: url.path, message: "is empty: a dataset holds at least one row, \(DatasetRow.shapes)")
    }
    guard !samples.isEmpty else {
      throw DatasetError(
        place: url.path,
        message: "none of its \(statistics.rows) rows has a supervised token within \(sequenceLength) tokens "
          + "(\(statistics.cut) were cut)\(reversed == nil ? "" : " in both directions"): give completions or assistant "
          + "turns, or raise sequence_length")
    }
    return Dataset(
      name: name, url: url, samples: samples, reversed: reversed, statistics: statistics, remarks: remarks,
      lines: lines)
  }
}
