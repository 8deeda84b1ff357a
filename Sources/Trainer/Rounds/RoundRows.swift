/// A round's rows, as its settings have them read.
extension ResolvedRound {
  /// The rows that train.
  func source(seed: UInt64) -> LearnedTokenizer.Source {
    LearnedTokenizer.Source(
      url: train, columns: columns,
      part: split.map { .training(DatasetSplit(share: $0, seed: seed)) } ?? .whole)
  }

  /// Reads and encodes the rows that train.
  ///
  /// - Parameter reversal: makes the reversed variants, of a round that reads some rows so.
  package func loadTrainingRows(
    _ text: TextEncoding, seed: UInt64, sequenceLength: Int, reversal: Reversal? = nil,
    inspect: (EncodedRow) -> Void = { _ in }
  ) throws(DatasetError) -> Dataset {
    let rows = source(seed: seed)
    return try Dataset.load(
      name: name, url: rows.url, columns: rows.columns, part: rows.part, tokenizer: text.tokenizer,
      vocabularySize: text.vocabularySize, sequenceLength: sequenceLength, reversal: reversal, inspect: inspect)
  }

  /// Reads and encodes the rows that are held out; nil where the round has none.
  package func loadHeldOutRows(
    _ text: TextEncoding, seed: UInt64, sequenceLength: Int, inspect: (EncodedRow) -> Void = { _ in }
  ) throws(DatasetError) -> Dataset? {
    let part = split.map { DatasetPart.heldOut(DatasetSplit(share: $0, seed: seed)) } ?? .whole
    guard let url = split == nil ? valid : train else { return nil }
    return try Dataset.load(
      name: name, url: url, columns: columns, part: part, tokenizer: text.tokenizer,
      vocabularySize: text.vocabularySize, sequenceLength: sequenceLength, inspect: inspect)
  }
}
