/// Reads a round's rows as its settings say.
extension ResolvedRound {
  /// The place of the rows that train.
  func source(seed: UInt64) -> LearnedTokenizer.Source {
    LearnedTokenizer.Source(
      files: train, columns: columns,
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
      name: name, files: rows.files, columns: rows.columns, part: rows.part, largeFrom: RunInputs.largeFrom,
      settings: settings.rows,
      tokenizer: text.tokenizer, vocabularySize: text.vocabularySize, sequenceLength: sequenceLength,
      reversal: reversal, inspect: inspect)
  }

  /// Reads and encodes the rows that are held out; nil where the round has none.
  package func loadHeldOutRows(
    _ text: TextEncoding, seed: UInt64, sequenceLength: Int, inspect: (EncodedRow) -> Void = { _ in }
  ) throws(DatasetError) -> Dataset? {
    let part = split.map { DatasetPart.heldOut(DatasetSplit(share: $0, seed: seed)) } ?? .whole
    guard let files = split == nil ? valid : train else { return nil }
    return try Dataset.load(
      name: name, files: files, columns: columns, part: part,
      // Of files of held-out rows all rows are read; of a split these alone.
      largeFrom: split == nil ? nil : RunInputs.largeFrom, settings: settings.rows.measuring,
      tokenizer: text.tokenizer,
      vocabularySize: text.vocabularySize, sequenceLength: sequenceLength, inspect: inspect)
  }
}

extension Recipe {
  /// Draws samples from the union of a round.
  ///
  /// - Parameters:
  ///   - index: the round, from 1.
  ///   - datasets: D1 … Di, and after them the rows of its base replay.
  func sampler(ofRound index: Int, over datasets: [Dataset]) -> UnionSampler {
    let settings = rounds[index - 1].settings
    return UnionSampler(
      rowCounts: datasets.prefix(index).map(\.count), names: datasets.map(\.name),
      baseRows: datasets.count > index ? datasets[index].count : nil,
      settings: .init(union: settings.union, shuffle: settings.shuffle, reverseShare: settings.objective.reverse),
      seed: seed, round: index)
  }

  /// Draws from the union of a round and lays the samples into its micro-batches.
  ///
  /// - Parameters:
  ///   - index: the round, from 1.
  ///   - datasets: its union.
  func packer(ofRound index: Int, _ datasets: [Dataset]) -> BatchPacker {
    BatchPacker(
      datasets: datasets, sampler: sampler(ofRound: index, over: datasets), settings: rounds[index - 1].settings.packer)
  }

  /// Optimiser steps of a round.
  func steps(ofRound index: Int, _ packer: BatchPacker) -> Int {
    let settings = rounds[index - 1].settings
    return switch settings.duration {
    case .steps(let steps): steps
    case .epochs(let epochs):
      packer.numberOfSteps(epochs: epochs, gradientAccumulationSteps: settings.gradientAccumulationSteps)
    }
  }

  /// The samples that a round draws from the large datasets of its union.
  ///
  /// - Parameters:
  ///   - cursor: the place in the round's draws from which on steps are left.
  ///   - steps: steps that are left; nil: all of the round's.
  func drawnSamples(
    ofRound index: Int, _ datasets: [Dataset], from cursor: PackingCursor = PackingCursor(), steps left: Int? = nil,
    pause: () throws -> Void
  ) throws -> DrawnSamples {
    let packer = packer(ofRound: index, datasets)
    var steps = 0
    if datasets.contains(where: { $0.drawn != nil }) { steps = left ?? self.steps(ofRound: index, packer) }
    return try DrawnSamples(
      of: datasets, packer: packer, from: cursor,
      batches: steps * rounds[index - 1].settings.gradientAccumulationSteps, pause: pause)
  }
}
