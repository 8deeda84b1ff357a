extension ResolvedRound {
  /// Reads the round's rows and looks at them; nil where held-out rows are asked for and the round has none.
  /// - Parameters:
  ///   - heldOut: whether to look at the held-out rows in place of those that train.
  ///   - rows: how many of the first rows are kept.
  ///   - also: is shown each row as well.
  package func inspect(
    _ text: TextEncoding, seed: UInt64, heldOut: Bool = false, rows: Int, also: (EncodedRow) -> Void = { _ in }
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
    return DatasetInspection(name: name, dataset, lengths: lengths, sequenceLength: length, samples: samples)
  }
}
