/// A dataset as the model sees it: its counts, and its first rows in tokens.
///
/// The rows come from `Dataset.load`, which encodes them for training too: the tokens shown as supervised are those
/// that training supervises.
package struct DatasetInspection: Encodable, Sendable {
  /// Tokens of a row, before any is cut: least, median, 90th percentile (both by nearest rank), most.
  package struct Lengths: Encodable, Sendable, Equatable {
    package let min: Int
    package let median: Int
    package let p90: Int
    package let max: Int
    /// Rows longer than a sequence.
    package let longer: Int

    package init(_ lengths: [Int], sequenceLength: Int) {
      let sorted = lengths.sorted()
      func value(_ percent: Int) -> Int {
        sorted.isEmpty ? 0 : sorted[Swift.max((sorted.count * percent + 99) / 100 - 1, 0)]
      }
      (min, median, p90, max) = (value(0), value(50), value(90), value(100))
      longer = sorted.count { $0 > sequenceLength }
    }
  }

  package let name: String
  package let rows: Int
  package let cut: Int
  package let split: Int
  package let tooLong: Int
  package let dropped: Int
  package let tokens: Int
  package let supervisedTokens: Int
  /// True where all but `rows` is estimated from some of the rows.
  package let estimated: Bool
  package let lengths: Lengths
  package let samples: [InspectedRow]
  /// Remarks on the file, for people; not in the JSON.
  package let remarks: DatasetRemarks

  private enum CodingKeys: CodingKey {
    case name, rows, cut, split, tooLong, dropped, tokens, supervisedTokens, estimated, lengths, samples
  }

  /// - Parameters:
  ///   - dataset: the encoded rows.
  ///   - lengths: tokens of each row, before any is cut.
  ///   - samples: the first rows.
  package init(name: String, _ dataset: Dataset, lengths: [Int], sequenceLength: Int, samples: [InspectedRow]) {
    self.name = name
    rows = dataset.statistics.rows
    cut = dataset.statistics.cut
    split = dataset.statistics.split
    tooLong = dataset.statistics.tooLong
    dropped = dataset.statistics.dropped
    tokens = dataset.statistics.tokens
    supervisedTokens = dataset.statistics.supervisedTokens
    estimated = dataset.statistics.isEstimated
    self.lengths = Lengths(lengths, sequenceLength: sequenceLength)
    self.samples = samples
    remarks = dataset.remarks
  }
}
