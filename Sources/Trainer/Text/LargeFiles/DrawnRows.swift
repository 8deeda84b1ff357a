import Synchronization

/// Rows of large files, each encoded when it is first drawn.
///
/// A sample's index is its row's, plus the number of rows for each pass over the dataset before: a row that is split gives
/// another of its parts in each pass, so that all of it is trained over some passes. A row without a supervised token within
/// a sequence is no sample: who draws it takes the next draw in its place.
///
/// A fault in a row that is drawn is kept in `fault`, and every later sample is a token that stands for nothing: whoever
/// draws looks at `fault` before using what was drawn (`DrawnSamples`).
final class DrawnRows: Sendable {
  /// Draws in a row that may give no sample.
  private static let passedLimit = 10_000
  private static let placeholder = Sample(ids: [0], labels: [Sample.ignoredLabel])

  private struct State {
    var fault: DatasetError?
    /// Draws one after another that gave no sample.
    var passedRun = 0
    /// The rows that gave none.
    var passedRows: Set<Int32> = []
  }

  let rows: IndexedRows
  private let encoder: RowEncoder
  private let settings: RowSettings
  private let sequenceLength: Int
  private let reversal: Reversal?
  private let store: TokenStore
  private let state = Mutex(State())

  init(
    _ rows: IndexedRows, encoder: RowEncoder, settings: RowSettings, sequenceLength: Int, reversal: Reversal?,
    store: TokenStore
  ) {
    (self.rows, self.encoder, self.settings, self.store) = (rows, encoder, settings, store)
    (self.sequenceLength, self.reversal) = (sequenceLength, reversal)
  }

  /// Rows of the dataset.
  var count: Int { rows.count }

  /// The first fault of a row that was drawn; nil: none so far.
  var fault: DatasetError? { state.withLock { $0.fault } }

  /// Rows that were drawn and are no sample.
  var passedCount: Int { state.withLock { $0.passedRows.count } }

  /// The sample that a draw gives, and its index, the same for the same part of a row; nil where it gives none.
  func draw(_ row: Int, pass: Int, reversed: Bool) -> (index: Int, sample: Sample)? {
    guard fault == nil else { return (row, Self.placeholder) }
    do throws(DatasetError) {
      let entry = try entry(row)
      let parts = parts(of: entry)
      var found: (index: Int, sample: Sample)?
      if !parts.isEmpty {
        let part = pass % parts.count
        let sample = try sample(row, parts[part].piece, number: parts[part].number, reversed: reversed)
        if sample.targetCount > 0 { found = (row + part * count, sample) }
      }
      let isHopeless = state.withLock { state in
        state.passedRun = found == nil ? state.passedRun + 1 : 0
        if found == nil { state.passedRows.insert(Int32(row)) }
        return state.passedRun > Self.passedLimit
      }
      guard !isHopeless else {
        throw DatasetError(
          place: rows.path,
          message: "none of \(Self.passedLimit) rows drawn one after another has a supervised token within "
            + "\(sequenceLength) tokens: give completions or assistant turns, or raise sequence_length")
      }
      return found
    } catch {
      state.withLock { if $0.fault == nil { $0.fault = error } }
      return (row, Self.placeholder)
    }
  }

  /// A sample by the index that `draw` gave it.
  func sample(_ index: Int, reversed: Bool) -> Sample {
    let drawn = draw(index % count, pass: index / count, reversed: reversed)
    guard let drawn else { preconditionFailure("a sample that was drawn is one") }
    return drawn.sample
  }

  /// Counts of some of the rows.
  ///
  /// - Parameters:
  ///   - sampled: the rows to count; what is kept of them is compared with what they give now.
  ///   - inspect: called with each, uncut.
  func statistics(of sampled: [Int], inspect: (EncodedRow) -> Void) throws(DatasetError) -> SampleBuilder {
    var builder = SampleBuilder(sequenceLength: sequenceLength, hasVariants: false)
    var passed: Set<String> = []
    for row in sampled {
      let record = try rows.row(row, passed: &passed)
      let entry = try encoded(record, row)
      if let kept = store.entry(row), kept != entry { store.forget() }
      store.add(entry, row: row)
      let place = rows.place(of: row, isExact: false)
      builder.remarks.add(record.row, at: place, form: encoder.completionForm)
      inspect(EncodedRow(place: place, row: record.row, sample: entry.sample, fate: entry.fate))
      builder.add(entry.sample, fate: entry.fate, place: place) { (_, _) throws(Never) in nil }
    }
    builder.remarks.passedKeys = passed
    return builder
  }

  /// Puts what was encoded into files, and gives back the memory of what was read.
  func flush() { store.flush() }

  // MARK: - Rows

  /// The row in tokens, uncut.
  private func entry(_ row: Int) throws(DatasetError) -> TokenStore.Entry {
    if let entry = store.entry(row) { return entry }
    var passed: Set<String> = []
    let entry = try encoded(try rows.row(row, passed: &passed), row)
    store.add(entry, row: row)
    return entry
  }

  private func encoded(
    _ record: (row: DatasetRow, weight: Float), _ row: Int
  ) throws(DatasetError) -> TokenStore.Entry {
    do throws(RowEncoder.Fault) {
      let sample = try encoder.encode(record.row).weighted(record.weight)
      return TokenStore.Entry(sample: sample, fate: settings.fate(of: record.row, isDocument: false))
    } catch {
      throw DatasetError(place: rows.place(of: row), message: error.message)
    }
  }

  /// The parts of a row that are samples, with their numbers; one without a number where the row is not split.
  private func parts(of entry: TokenStore.Entry) -> [(piece: Sample, number: Int?)] {
    let whole = entry.sample
    guard whole.length > sequenceLength else { return whole.targetCount > 0 ? [(whole, nil)] : [] }
    switch entry.fate {
    case .drop: return []
    case .cut:
      let sample = whole.prefix(sequenceLength)
      return sample.targetCount > 0 || reversal != nil ? [(whole, nil)] : []
    case .split:
      return whole.pieces(of: sequenceLength).enumerated().filter { $1.targetCount > 0 }.map { ($1, $0) }
    }
  }

  private func sample(
    _ row: Int, _ piece: Sample, number: Int?, reversed: Bool
  ) throws(DatasetError) -> Sample {
    guard reversed else { return piece.prefix(sequenceLength) }
    guard let reversal else { preconditionFailure("a round that reads in reverse has the variants") }
    var passed: Set<String> = []
    let record = try rows.row(row, passed: &passed)
    do throws(RowEncoder.Fault) {
      let variant = try reversal.variant(
        of: encoder.written(record.row), sample: piece, index: rows.fileRow(row), piece: number)
      return (try encoder.checked(variant) ?? variant).prefix(sequenceLength)
    } catch {
      throw DatasetError(place: rows.place(of: row), message: error.message)
    }
  }
}
