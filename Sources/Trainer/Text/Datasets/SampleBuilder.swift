/// Collects a dataset's samples: cuts or splits them to a sequence, drops those without a target, and counts.
struct SampleBuilder {
  private let sequenceLength: Int
  private var samples: [Sample] = []
  private var reversed: [Sample]?
  private var places = RowPlaces()
  private(set) var statistics = DatasetStatistics()
  var remarks = DatasetRemarks()

  init(sequenceLength: Int, hasVariants: Bool) {
    precondition(sequenceLength >= 2, "a sequence of one token has nothing to predict")
    self.sequenceLength = sequenceLength
    reversed = hasVariants ? [] : nil
  }

  /// Adds a row's samples.
  ///
  /// - Parameters:
  ///   - whole: the row, uncut.
  ///   - fate: the fate of a row that is longer than a sequence.
  ///   - place: the row's place.
  ///   - variant: makes the reversed variant of a sample, nil where no round reads one; takes the sample, and the index
  ///     of the piece of a row that is split.
  mutating func add<Failure: Error>(
    _ whole: Sample, fate: RowSettings.LongRows, place: String,
    variant: (Sample, Int?) throws(Failure) -> Sample?
  ) throws(Failure) {
    statistics.rows += 1
    guard whole.length > sequenceLength else {
      if !keep(whole, try variant(whole, nil), place) { statistics.dropped += 1 }
      return
    }
    switch fate {
    case .drop: statistics.tooLong += 1
    case .cut:
      statistics.cut += 1
      if !keep(whole, try variant(whole, nil), place) { statistics.dropped += 1 }
    case .split:
      statistics.split += 1
      var isKept = false
      for (number, piece) in whole.pieces(of: sequenceLength).enumerated() where piece.targetCount > 0 {
        if keep(piece, try variant(piece, number), place) { isKept = true }
      }
      if !isKept { statistics.dropped += 1 }
    }
  }

  /// Keeps a sample, and its reversed variant where there is one, cut to a sequence.
  ///
  /// - Returns: false where it has no target in one of the directions that it may be read in.
  private mutating func keep(_ whole: Sample, _ variant: Sample?, _ place: String) -> Bool {
    let sample = whole.prefix(sequenceLength)
    let variant = variant?.prefix(sequenceLength)
    let targets = sample.targetCount
    guard targets > 0, variant?.targetCount != 0 else { return false }
    statistics.tokens += sample.length
    statistics.supervisedTokens += targets
    samples.append(sample)
    if let variant { reversed?.append(variant) }
    places.append(place)
    return true
  }

  func dataset(name: String, files: RowFiles) throws(DatasetError) -> Dataset {
    guard statistics.rows > 0 else {
      throw DatasetError(place: files.path, message: "is empty: a dataset holds at least one row, \(DatasetRow.shapes)")
    }
    guard !samples.isEmpty else {
      if statistics.tooLong == statistics.rows {
        throw DatasetError(
          place: files.path,
          message:
            "each of its \(statistics.rows) rows is longer than \(sequenceLength) tokens, and long_rows is drop: "
            + "set it to cut or split, or raise sequence_length")
      }
      throw DatasetError(
        place: files.path,
        message: "none of its \(statistics.rows) rows has a supervised token within \(sequenceLength) tokens "
          + "(\(statistics.cut) were cut)\(reversed == nil ? "" : " in both directions"): give completions or assistant "
          + "turns, or raise sequence_length")
    }
    return Dataset(
      name: name, files: files, samples: samples, reversed: reversed, statistics: statistics, remarks: remarks,
      places: places)
  }
}
