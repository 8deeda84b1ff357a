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

  /// The rows and the runs that some training rows have in common with those held out.
  struct Finding: Codable {
    /// The first training row that each held-out row stands as, by the held-out row's number.
    let rows: [Int: Int]
    /// The runs that stand among them, by their numbers.
    let grams: [Int]
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
    let last = rows(of: dataset)
    guard hasHeldOutRows else { return }
    let found = found(RowFingerprint(row))
    if let number = found.row, training[last].places[number] == nil { training[last].places[number] = place }
    for number in found.grams { training[last].hasGram[number] = true }
  }

  /// Takes in what was found among all rows of a training set.
  ///
  /// - Parameter place: the place of a training row; the line may be left out where it will not be shown.
  mutating func take(_ finding: Finding, of dataset: String, place: (_ row: Int, _ isShown: Bool) -> String) {
    let last = rows(of: dataset)
    let shown = firstHeldOut { finding.rows[$0] != nil }
    for (number, row) in finding.rows { training[last].places[number] = place(row, shown.contains(number)) }
    for number in finding.grams where training[last].hasGram.indices.contains(number) {
      training[last].hasGram[number] = true
    }
  }

  /// Index of a training set, which is the last one.
  private mutating func rows(of dataset: String) -> Int {
    if training.last?.name != dataset {
      training.append(TrainingRows(name: dataset, hasGram: Array(repeating: false, count: gramNumbers.count)))
    }
    return training.count - 1
  }

  /// True where there is a row to compare with.
  var hasHeldOutRows: Bool { !heldOut.isEmpty }

  /// The number of the held-out row that a training row is, and those of the runs that it has.
  func found(_ fingerprint: RowFingerprint) -> (row: Int?, grams: [Int]) {
    let grams = gramLengths.flatMap { fingerprint.grams(of: $0) }.compactMap { gramNumbers[$0].map { Int($0) } }
    return (rowNumbers[fingerprint.row], grams)
  }

  /// The numbers of the first held-out row of each dataset for which `isMeant` holds.
  private func firstHeldOut(where isMeant: (Int) -> Bool) -> Set<Int> {
    Set(heldOut.compactMap { $0.rows.map(\.row).first(where: isMeant) })
  }

  /// A name for all held-out rows and their numbers.
  var digest: String {
    let rows = rowNumbers.sorted { $0.value < $1.value }.map(\.key)
    let grams = gramNumbers.sorted { $0.value < $1.value }.map(\.key)
    return (rows + [0] + grams).withUnsafeBytes { FileHash.sha256(of: $0) }
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
