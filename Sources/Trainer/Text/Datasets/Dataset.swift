import Foundation

/// What became of a dataset's rows.
package struct DatasetStatistics: Sendable, Equatable, Codable {
  /// Rows read.
  package var rows = 0
  /// Rows whose end was cut off, being longer than a sequence.
  package var cut = 0
  /// Rows left out, having no supervised token (after the cut).
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
  package let statistics: DatasetStatistics
  /// For each sample the line of the file where its row stands, from 1; empty where nothing is known of it.
  private let lines: [Int32]

  package init(name: String, url: URL, samples: [Sample], statistics: DatasetStatistics, lines: [Int32] = []) {
    self.name = name
    self.url = url
    self.samples = samples
    self.statistics = statistics
    self.lines = lines
  }

  /// Where a sample's row stands: `path/train.jsonl:17`, or the path alone.
  package func place(of sample: Int) -> String {
    guard lines.indices.contains(sample), lines[sample] > 0 else { return url.path }
    return "\(url.path):\(lines[sample])"
  }

  /// Reads and encodes a file.
  /// - Parameters:
  ///   - columns: what the file calls the rows' keys.
  ///   - part: which of its rows are meant.
  ///   - tokenizer: nil where the rows are tokenised already.
  ///   - vocabularySize: the model's; ids are below it.
  ///   - sequenceLength: tokens of the longest sample. A row's end is cut; a `.txt` document, which is mostly longer,
  ///     goes on in the next sample instead.
  ///   - inspect: is shown each row before it is cut.
  package static func load(
    name: String, url: URL, columns: ColumnNames = .none, part: DatasetPart = .whole, tokenizer: (any Tokenizer)?,
    vocabularySize: Int, sequenceLength: Int, inspect: (EncodedRow) -> Void = { _ in }
  ) throws(DatasetError) -> Dataset {
    let encoder = RowEncoder(tokenizer: tokenizer, vocabularySize: vocabularySize)
    let reader = try DatasetReader(url: url, columns: columns)
    let isDocument = reader.format.kind == .document
    let count = part == .whole ? 0 : try reader.countRows()
    if count == 1 {
      throw DatasetError(
        place: url.path, message: "holds one row, and split leaves one on each side: add rows, or remove split")
    }
    var builder = Builder(sequenceLength: sequenceLength)
    try reader.forEachRow { row, index, place throws(DatasetError) in
      guard part.contains(index, of: count) else { return }
      do throws(RowEncoder.Fault) {
        let sample = try encoder.encode(row)
        inspect(EncodedRow(place: place, row: row, sample: sample, isDocument: isDocument))
        builder.add(sample, line: Self.line(in: place), isDocument: isDocument)
      } catch {
        throw DatasetError(place: place, message: error.message)
      }
    }
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
  /// Whether what is longer than a sequence goes on in the next sample.
  package let isDocument: Bool
}

/// Cuts, drops and counts.
private struct Builder {
  let sequenceLength: Int
  var samples: [Sample] = []
  var lines: [Int32] = []
  var statistics = DatasetStatistics()

  init(sequenceLength: Int) {
    precondition(sequenceLength >= 2, "a sequence of one token has nothing to predict")
    self.sequenceLength = sequenceLength
  }

  mutating func add(_ sample: Sample, line: Int32, isDocument: Bool) {
    statistics.rows += 1
    guard isDocument, sample.length > sequenceLength else {
      keep(sample, line: line)
      return
    }
    for start in stride(from: 0, to: sample.length, by: sequenceLength) {
      let range = start..<min(start + sequenceLength, sample.length)
      let piece = Sample(ids: Array(sample.ids[range]), labels: Array(sample.labels[range]))
      // The last piece may be one token, which has nothing before it: nothing is lost but itself.
      if piece.targetCount(reversed: false) > 0 { keep(piece, line: line) }
    }
  }

  private mutating func keep(_ sample: Sample, line: Int32) {
    var sample = sample
    if sample.length > sequenceLength {
      statistics.cut += 1
      sample = Sample(
        ids: Array(sample.ids.prefix(sequenceLength)), labels: Array(sample.labels.prefix(sequenceLength)))
    }
    let targets = sample.targetCount(reversed: false)
    guard targets > 0 else {
      statistics.dropped += 1
      return
    }
    statistics.tokens += sample.length
    statistics.supervisedTokens += targets
    samples.append(sample)
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
          + "(\(statistics.cut) were cut): give completions or assistant turns, or raise sequence_length")
    }
    return Dataset(name: name, url: url, samples: samples, statistics: statistics, lines: lines)
  }
}
