/// Reader of a dataset's files, one after another: rows, each with its place.
struct DatasetReader {
  /// A row and its place.
  struct Entry {
    let row: DatasetRow
    /// Weight of its tokens in the mean loss.
    let weight: Float
    /// Index of the row in the dataset, from 0: indices go on over the files.
    let index: Int
    /// `path:line`.
    let place: String
    /// True for the row that is a whole file.
    let isDocument: Bool
  }

  private let readers: [RowFileReader]
  private let columns: ColumnNames
  private let path: String

  /// - Parameter columns: the files' columns for the rows' keys.
  /// - Throws: `DatasetError` for a name of no format that is read, and for a document with columns.
  init(_ files: RowFiles, columns: ColumnNames) throws(DatasetError) {
    self.columns = columns
    path = files.path
    var readers: [RowFileReader] = []
    for url in try files.resolved() { readers.append(try RowFileReader(url: url, columns: columns)) }
    self.readers = readers
  }

  /// Reads every row, in the files' order, and hands it to `body`.
  ///
  /// - Returns: the keys that were not read and do not change what the rows mean.
  @discardableResult
  func forEachRow(_ body: (Entry) throws(DatasetError) -> Void) throws(DatasetError) -> Set<String> {
    var passed: Set<String> = []
    var unseen = Set(columns.pairs.map(\.column))
    var count = 0
    var first = path
    for reader in readers {
      passed.formUnion(try reader.passedColumns())
      try reader.forEachRecord { record throws(DatasetError) in
        if count == 0 { first = record.place }
        let (row, weight) = try record.row(columns: columns, unseen: &unseen, passed: &passed)
        try body(
          Entry(
            row: row, weight: weight, index: count, place: record.place, isDocument: reader.format.kind == .document))
        count += 1
      }
    }
    if count > 0, let pair = columns.pairs.first(where: { unseen.contains($0.column) }) {
      throw DatasetError(
        place: first,
        message:
          "neither this row nor any other has the column \"\(excerpt(pair.column))\", which the recipe's columns "
          + "name for \(pair.key): correct the name, or leave it out")
    }
    return passed
  }

  /// Counts the rows without reading their keys.
  func countRows() throws(DatasetError) -> Int {
    var count = 0
    for reader in readers { count += try reader.countRows() }
    return count
  }
}
