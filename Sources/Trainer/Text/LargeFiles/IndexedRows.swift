/// Rows of one part of large files, read one by one.
struct IndexedRows: Sendable {
  private let names: RowFiles
  private let part: DatasetPart
  private let files: [IndexedFile]
  /// Of each file, the number of rows in the files before it; and at the end, that of all rows.
  private let starts: [Int]
  private let columns: ColumnNames
  /// The rows of the part; nil: all.
  private let chosen: [Int32]?

  /// - Parameter part: the rows to read.
  init(_ files: [IndexedFile], columns: ColumnNames, part: DatasetPart, of names: RowFiles) {
    (self.files, self.columns, self.part, self.names) = (files, columns, part, names)
    starts = files.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    let all = starts[files.count]
    chosen = part == .whole ? nil : (0..<all).filter { part.contains($0, of: all) }.map { Int32($0) }
  }

  /// A name for the rows: the content of the files, their columns, and the part.
  func hash() throws(DatasetError) -> String { try names.contentKey(columns, part) }

  /// Rows of the part.
  var count: Int { chosen?.count ?? starts[files.count] }

  /// The files' names, for errors.
  var path: String { names.path }

  /// Rows of the files.
  var fileRowCount: Int { starts[files.count] }

  /// The index of a row of the part among those of the files.
  func fileRow(_ row: Int) -> Int { chosen.map { Int($0[row]) } ?? row }

  /// Reads a row.
  ///
  /// - Parameter passed: collects the keys that are not read and change nothing.
  func row(_ row: Int, passed: inout Set<String>) throws(DatasetError) -> (row: DatasetRow, weight: Float) {
    let (file, index) = place(row)
    // A column that this row lacks may stand in another: its own shape says what is missing.
    var unseen: Set<String> = []
    return try file.withRecord(index) { record throws(DatasetError) in
      try record.row(columns: columns, unseen: &unseen, passed: &passed)
    }
  }

  /// The place of a row: `path/train.jsonl:17`.
  ///
  /// - Parameter isExact: false to name the file alone where the line would have to be counted far into it.
  func place(of row: Int, isExact: Bool = true) -> String {
    let (file, index) = place(row)
    return isExact || index < 1000 ? file.place(of: index) : file.path
  }

  private func place(_ row: Int) -> (file: IndexedFile, row: Int) {
    let row = fileRow(row)
    // Few files: the first that begins behind the row comes after its own.
    let file = (starts.firstIndex { $0 > row } ?? files.count) - 1
    return (files[file], row - starts[file])
  }
}

extension RowFiles {
  /// The files, opened to be read row by row; nil where they are small, or of a format that is read from end to end.
  ///
  /// - Parameter leastByteCount: bytes of large files together.
  func indexed(from leastByteCount: Int) throws(DatasetError) -> [IndexedFile]? {
    let urls = try resolved()
    var readers: [RowFileReader] = []
    var byteCount = 0
    for url in urls {
      let reader = try RowFileReader(url: url, columns: .none)
      guard reader.format.isIndexed, let size = reader.byteCount else { return nil }
      byteCount += size
      readers.append(reader)
    }
    guard byteCount >= leastByteCount else { return nil }
    var files: [IndexedFile] = []
    for reader in readers {
      let hash: String
      do throws(FileError) { hash = try FileHash.keptSHA256(of: reader.url) } catch {
        throw ColumnFileReader.fault(error)
      }
      files.append(try IndexedFile(reader, hash: hash))
    }
    return files
  }
}
