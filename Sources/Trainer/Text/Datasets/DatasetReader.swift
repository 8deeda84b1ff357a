import Foundation
import Kernels

/// Reader of a dataset's file: rows, each with its place.
struct DatasetReader {
  /// A row and its place.
  struct Entry {
    let row: DatasetRow
    /// Weight of its tokens in the mean loss.
    let weight: Float
    /// Index of the row in its file, from 0.
    let index: Int
    /// `path:line`.
    let place: String
  }

  let url: URL
  let format: DatasetFormat
  private let columns: ColumnNames
  private let path: String

  /// - Parameter columns: the file's columns for the rows' keys.
  /// - Throws: `DatasetError` for a name of no format that is read, and for a document with columns.
  init(url: URL, columns: ColumnNames) throws(DatasetError) {
    self.url = url
    self.columns = columns
    path = url.path
    format = try DatasetFormat(of: url)
    if format.kind == .document, !columns.isEmpty {
      throw DatasetError(place: path, message: "a document has no columns: remove the round's columns")
    }
  }

  /// Reads every row, in the file's order, and hands it to `body`.
  ///
  /// - Returns: the keys that were not read and do not change what the rows mean.
  @discardableResult
  func forEachRow(_ body: (Entry) throws(DatasetError) -> Void) throws(DatasetError) -> Set<String> {
    var passed = try passedColumns()
    var unseen = Set(columns.pairs.map(\.column))
    var count = 0
    var first = path
    try forEachRecord { record throws(DatasetError) in
      if count == 0 { first = record.place }
      let (row, weight) = try record.row(columns: columns, unseen: &unseen, passed: &passed)
      try body(Entry(row: row, weight: weight, index: count, place: record.place))
      count += 1
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
    if format.kind == .parquet { return try parquet().rowCount }
    var count = 0
    try forEachRecord { _ in count += 1 }
    return count
  }

  /// Columns of a Parquet file that are never decoded, since no row is read by them.
  private func passedColumns() throws(DatasetError) -> Set<String> {
    guard format.kind == .parquet else { return [] }
    let file = try parquet()
    return file.rowCount > 0 ? Set(file.passedColumns) : []
  }

  private func parquet() throws(DatasetError) -> ParquetReader {
    ParquetReader(try opened { () throws(FileError) in try ParquetFile(url) }, columns: columns)
  }

  private func forEachRecord(_ body: (DatasetRecord) throws(DatasetError) -> Void) throws(DatasetError) {
    if format.kind == .parquet { return try parquet().forEachRecord(body) }
    // Mapped, so that a file of gigabytes is not held twice while its rows are encoded.
    let file = try opened { () throws(FileError) in try MappedFile(path: path) }
    try withExtendedLifetime(file) { () throws(DatasetError) in
      guard !GitLFSPointer.begins(file.bytes) else {
        throw DatasetError(place: path, message: "\(GitLFSPointer.problem): \(GitLFSPointer.remedy)")
      }
      guard !ParquetFile.isParquet(file.bytes) else {
        throw DatasetError(place: path, message: "is Parquet, but its name does not end in .parquet: rename it")
      }
      guard format.isCompressed else {
        guard !GzipFile.begins(file.bytes) else {
          throw DatasetError(place: path, message: "is gzip, but its name does not end in .gz: rename it")
        }
        return try read(file.bytes, body)
      }
      let decoded = try GzipFile.contents(file.bytes, path: path)
      try withBytes(of: decoded) { bytes throws(DatasetError) in try read(bytes, body) }
    }
  }

  private func read(
    _ bytes: UnsafeRawBufferPointer, _ body: (DatasetRecord) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    // UTF-16 and UTF-32 begin with a mark of their own, or have a zero byte in the first character.
    let isWide = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) || bytes.prefix(4).contains(0)
    guard !isWide else {
      throw DatasetError(place: path, message: "is not UTF-8 text: convert it, as with iconv -f UTF-16 -t UTF-8")
    }
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let hasMark = bytes.prefix(3).elementsEqual(byteOrderMark)
    let bytes = UnsafeRawBufferPointer(rebasing: hasMark ? bytes[3...] : bytes[...])
    switch format.kind {
    case .json where JSONListReader.begins(bytes):
      var reader = JSONListReader(bytes: bytes, path: path)
      try reader.forEachRecord(body)
    case .jsonLines, .json:
      try JSONLinesReader(bytes: bytes, path: path).forEachRecord(body)
    case .table(let separator):
      var reader = TableReader(bytes: bytes, separator: separator, path: path)
      try reader.forEachRecord(body)
    case .parquet: preconditionFailure("a Parquet file is read by its columns")
    case .document:
      guard bytes.count <= Self.documentLimit else {
        throw DatasetError(
          place: path,
          message: "is one document of \(bytes.count) bytes, and this machine's memory holds one of "
            + "\(Self.documentLimit) with its tokens: divide it, or write its parts as the rows of a .jsonl")
      }
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw DatasetError(place: path, message: "is not UTF-8 text: convert it, as with iconv -t UTF-8")
      }
      if !text.isEmpty { try body(DatasetRecord(place: path, content: .document(text))) }
    }
  }

  /// Most bytes of a document: it is read as one text, which takes some sixteen times its size with its tokens.
  private static var documentLimit: Int { MachineMemory.current.installedBytes / 16 }

  private func opened<File>(_ open: () throws(FileError) -> File) throws(DatasetError) -> File {
    do throws(FileError) {
      return try open()
    } catch {
      if error.kind == .notFound {
        throw DatasetError(
          place: path, message: "no such dataset: check the path, which is relative to the recipe", exitCode: 66)
      }
      guard error.kind == .inputOutput || format.kind != .parquet else { throw ParquetReader.fault(error) }
      throw DatasetError(
        place: path, message: "the dataset cannot be read: \(error.problem); name a file of rows that you may read",
        exitCode: error.exitCode)
    }
  }

  /// Calls `body` with the bytes of `data` and keeps its typed error, which Foundation's own function loses.
  private func withBytes(
    of data: Data, _ body: (UnsafeRawBufferPointer) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    try data.withUnsafeBytes { bytes in Result { () throws(DatasetError) in try body(bytes) } }.get()
  }
}
