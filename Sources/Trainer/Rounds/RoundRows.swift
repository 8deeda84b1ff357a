/// Reads a round's rows as its settings say.
extension ResolvedRound {
  /// The place of the rows that train.
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
      name: name, url: rows.url, columns: rows.columns, part: rows.part, settings: settings.rows,
      tokenizer: text.tokenizer, vocabularySize: text.vocabularySize, sequenceLength: sequenceLength,
      reversal: reversal, inspect: inspect)
  }

  /// Reads and encodes the rows that are held out; nil where the round has none.
  package func loadHeldOutRows(
    _ text: TextEncoding, seed: UInt64, sequenceLength: Int, inspect: (EncodedRow) -> Void = { _ in }
  ) throws(DatasetError) -> Dataset? {
    let part = split.map { DatasetPart.heldOut(DatasetSplit(share: $0, seed: seed)) } ?? .whole
    guard let url = split == nil ? valid : train else { return nil }
    return try Dataset.load(
      name: name, url: url, columns: columns, part: part, settings: settings.rows.measuring, tokenizer: text.tokenizer,
      vocabularySize: text.vocabularySize, sequenceLength: sequenceLength, inspect: inspect)
  }
}

extension RunInputs {
  /// Draws from the union of a round and lays the samples into its micro-batches.
  ///
  /// - Parameter index: the round, from 1.
  func packer(ofRound index: Int) -> BatchPacker {
    let datasets = unions[index - 1]
    return BatchPacker(
      datasets: datasets, sampler: recipe.sampler(ofRound: index, over: datasets),
      settings: recipe.rounds[index - 1].settings.packer)
  }
}

extension Recipe {
  /// Draws from the union of a round.
  ///
  /// - Parameters:
  ///   - index: the round, from 1.
  ///   - datasets: D1 … Di, and after them the rows of its base replay.
  func sampler(ofRound index: Int, over datasets: [Dataset]) -> UnionSampler {
    let settings = rounds[index - 1].settings
    return UnionSampler(
      rowCounts: datasets.prefix(index).map(\.samples.count), names: datasets.map(\.name),
      baseRows: datasets.count > index ? datasets[index].samples.count : nil,
      settings: .init(union: settings.union, shuffle: settings.shuffle, reverseShare: settings.objective.reverse),
      seed: seed, round: index)
  }
}
