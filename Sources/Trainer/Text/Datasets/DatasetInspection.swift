/// A dataset as the model sees it: its numbers, and its first rows in tokens.
///
/// The rows are those that `Dataset.load` encodes for training, taken on their way, so that what is shown as supervised
/// is what training supervises.
package struct DatasetInspection: Encodable, Sendable {
  /// Tokens of the rows, before any is cut; the middle ones are those of the nearest row.
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
  package let dropped: Int
  package let tokens: Int
  package let supervisedTokens: Int
  package let lengths: Lengths
  package let samples: [InspectedRow]
  /// What else is to be said of the file; for people, not in JSON.
  package let remarks: DatasetRemarks

  private enum CodingKeys: CodingKey {
    case name, rows, cut, dropped, tokens, supervisedTokens, lengths, samples
  }
}

extension ResolvedRound {
  /// Reads the round's rows and looks at them; nil where held-out rows are asked for and the round has none.
  /// - Parameters:
  ///   - heldOut: whether to look at the held-out rows in place of those that train.
  ///   - rows: how many of the first rows are kept.
  ///   - also: is shown each row as well.
  package func inspect(
    _ text: ModelText, seed: UInt64, heldOut: Bool = false, rows: Int, also: (EncodedRow) -> Void = { _ in }
  ) throws(DatasetError) -> DatasetInspection? {
    let length = settings.sequenceLength
    var lengths: [Int] = []
    var samples: [InspectedRow] = []
    func look(_ row: EncodedRow) {
      also(row)
      lengths.append(row.sample.length)
      if samples.count < rows {
        samples.append(InspectedRow(row, tokenizer: text.tokenizer, sequenceLength: length))
      }
    }
    let dataset =
      heldOut
      ? try loadHeldOutRows(text, seed: seed, sequenceLength: length, inspect: look)
      : try loadTrainingRows(text, seed: seed, sequenceLength: length, inspect: look)
    guard let dataset else { return nil }
    let statistics = dataset.statistics
    return DatasetInspection(
      name: name, rows: statistics.rows, cut: statistics.cut, dropped: statistics.dropped, tokens: statistics.tokens,
      supervisedTokens: statistics.supervisedTokens, lengths: .init(lengths, sequenceLength: length), samples: samples,
      remarks: dataset.remarks)
  }
}
