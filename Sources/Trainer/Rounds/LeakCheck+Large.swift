import Foundation
import Synchronization

extension LeakCheck {
  /// Compares all training rows of a large dataset with the rows that are held out, on all cores; the finding is kept in
  /// the user's cache. The rows of a small one are compared as they are read (`train`).
  package mutating func train(large rows: Dataset, of dataset: String) throws(DatasetError) {
    guard hasHeldOutRows, let rows = rows.drawn?.rows else { return }
    let hash = try rows.hash()
    let kept = UserCache.folder("leaks")?.appending(path: FileHash.sha256(of: Data("\(hash)\n\(digest)".utf8)))
    if let kept, let data = try? InputFile.contents(kept.path),
      let finding = try? JSONDecoder().decode(Finding.self, from: data),
      finding.rows.values.allSatisfy((0..<rows.count).contains)
    {
      return take(finding, rows, of: dataset)
    }
    let finding = try finding(rows)
    if let kept, let data = try? JSONEncoder().encode(finding) { try? AtomicFile.write(data, to: kept) }
    take(finding, rows, of: dataset)
  }

  private mutating func take(_ finding: Finding, _ rows: IndexedRows, of dataset: String) {
    // A line is counted from the file's beginning: only where it is shown.
    take(finding, of: dataset) { rows.place(of: $0, isExact: $1) }
  }

  private func finding(_ rows: IndexedRows) throws(DatasetError) -> Finding {
    let parts = max(1, min(ProcessInfo.processInfo.activeProcessorCount, 8))
    let outcomes = Mutex([Result<(rows: [Int: Int], grams: Set<Int>), DatasetError>?](repeating: nil, count: parts))
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      let range = rows.count * part / parts..<rows.count * (part + 1) / parts
      let outcome = Result { () throws(DatasetError) in try found(in: rows, range) }
      outcomes.withLock { $0[part] = outcome }
    }
    var first: [Int: Int] = [:]
    var grams: Set<Int> = []
    for outcome in outcomes.withLock({ $0 }) {
      guard let found = try outcome?.get() else { continue }
      // The parts come in order: the first place of a row is that of the first part that has it.
      first.merge(found.rows) { earlier, _ in earlier }
      grams.formUnion(found.grams)
    }
    return Finding(rows: first, grams: grams.sorted())
  }

  /// The held-out rows that stand among some rows, each with the first row that is it, and the runs that stand there.
  private func found(
    in rows: IndexedRows, _ range: Range<Int>
  ) throws(DatasetError) -> (rows: [Int: Int], grams: Set<Int>) {
    var first: [Int: Int] = [:]
    var grams: Set<Int> = []
    var passed: Set<String> = []
    for row in range {
      let fingerprint = RowFingerprint(try rows.row(row, passed: &passed).row)
      let found = found(fingerprint)
      if let number = found.row, first[number] == nil { first[number] = row }
      grams.formUnion(found.grams)
    }
    return (first, grams)
  }
}
