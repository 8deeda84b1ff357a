/// Finds held-out rows of any dataset that stand in any training set: a loss on them tells nothing of what is new.
///
/// All held-out rows come first, then the training rows, which are compared as they pass and are not kept: memory grows
/// with the held-out rows alone, by 8 bytes a word and some more for each that is new.
///
/// Beside whole rows, runs of eight words are compared, as contamination of evaluations is measured elsewhere: shorter
/// ones are idioms and templates, and longer ones miss what was edited. A row overlaps a training set that holds half
/// of its runs or more. A row of five to seven words is one run; a shorter one is too common a phrase to count.
///
/// - Source: runs of eight words: Radford et al., Language Models are Unsupervised Multitask Learners (2019), section
///   4; a share of a row's runs as the measure: Chowdhery et al., arXiv:2204.02311, section 8.
package struct LeakCheck {
  /// Words of a run, and of the shortest row that has a run.
  package static let gramLength = 8
  package static let leastGramLength = 5

  private struct HeldOutRow {
    let place: String
    /// The row's number among the different ones.
    let row: Int
    /// Its runs' numbers among the different ones.
    let grams: [Int32]
  }

  private struct HeldOutRows {
    let name: String
    var rows: [HeldOutRow] = []
  }

  private struct TrainingRows {
    let name: String
    /// The first place in this set of each held-out row that stands here, by the row's number.
    var places: [Int: String] = [:]
    /// True for each run of eight words of the held-out rows that stands in this set, by the run's number.
    var hasGram: [Bool]
  }

  private var heldOut: [HeldOutRows] = []
  private var training: [TrainingRows] = []
  private var rowNumbers: [UInt64: Int] = [:]
  private var gramNumbers: [UInt64: Int32] = [:]
  private var gramLengths: Set<Int> = []

  package init() {}

  /// Takes a held-out row in; the rows of one dataset follow one another.
  package mutating func holdOut(_ row: DatasetRow, at place: String, of dataset: String) {
    precondition(training.isEmpty, "the held-out rows come before those that train")
    if heldOut.last?.name != dataset { heldOut.append(HeldOutRows(name: dataset)) }
    let fingerprint = RowFingerprint(row)
    let length = min(fingerprint.words.count, Self.gramLength)
    var grams: [Int32] = []
    if length >= Self.leastGramLength {
      gramLengths.insert(length)
      grams = fingerprint.grams(of: length).map { gramNumbers.number(of: $0) }
    }
    let found = HeldOutRow(place: place, row: rowNumbers.number(of: fingerprint.row), grams: grams)
    heldOut[heldOut.count - 1].rows.append(found)
  }

  /// Compares a training row with all that are held out; the rows of one dataset follow one another.
  package mutating func train(_ row: DatasetRow, at place: String, of dataset: String) {
    if training.last?.name != dataset {
      training.append(TrainingRows(name: dataset, hasGram: Array(repeating: false, count: gramNumbers.count)))
    }
    guard !heldOut.isEmpty else { return }
    let fingerprint = RowFingerprint(row)
    let last = training.count - 1
    if let number = rowNumbers[fingerprint.row], training[last].places[number] == nil {
      training[last].places[number] = place
    }
    for length in gramLengths {
      for gram in fingerprint.grams(of: length) {
        if let number = gramNumbers[gram] { training[last].hasGram[Int(number)] = true }
      }
    }
  }

  /// The reports of all pairs of held-out rows and training rows that have something in common.
  /// - Parameter allowed: datasets whose held-out rows may leak.
  package func reports(allowed: [String] = []) -> [LeakReport] {
    heldOut.flatMap { heldOut in
      training.compactMap { training in
        let leaked = heldOut.rows.filter { training.places[$0.row] != nil }
        let overlapping = heldOut.rows.count { row in
          !row.grams.isEmpty && 2 * row.grams.count { training.hasGram[Int($0)] } >= row.grams.count
        }
        guard !leaked.isEmpty || overlapping > 0 else { return nil }
        return LeakReport(
          heldOut: heldOut.name, training: training.name, rows: heldOut.rows.count, leaked: leaked.count,
          overlapping: overlapping, allowed: allowed.contains(heldOut.name), heldOutPlace: leaked.first?.place,
          trainingPlace: leaked.first.flatMap { training.places[$0.row] })
      }
    }
  }
}

extension Dictionary where Key == UInt64, Value: BinaryInteger {
  /// The number of a hash: the next one where it is new.
  fileprivate mutating func number(of hash: UInt64) -> Value {
    if let known = self[hash] { return known }
    let next = Value(count)
    self[hash] = next
    return next
  }
}
