extension ResolvedRound {
  /// Reads the round's rows and looks at them; nil where held-out rows are asked for and the round has none.
  /// - Parameters:
  ///   - heldOut: true to look at the held-out rows in place of the rows that train.
  ///   - rows: the number of first rows to keep.
  ///   - also: called with each row.
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
