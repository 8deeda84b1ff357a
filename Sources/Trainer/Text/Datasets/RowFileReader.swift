import Foundation
import Kernels

/// Reader of one file of a dataset: records, each with its place.
struct RowFileReader {
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

  /// Counts the rows without reading their keys.
  func countRows() throws(DatasetError) -> Int {
    if let columns = try columnFile() { return columns.rowCount }
    var count = 0
    try forEachRecord { _ in count += 1 }
    return count
  }

  /// Columns of a file of columns that are never decoded, since no row is read by them.
  func passedColumns() throws(DatasetError) -> Set<String> {
    guard let file = try columnFile(), file.rowCount > 0 else { return [] }
    return Set(file.passedColumns)
  }

  /// The reader of a file of columns; nil for other formats.
  private func columnFile() throws(DatasetError) -> ColumnFileReader? {
    switch format.kind {
    case .parquet:
      ColumnFileReader(try opened { () throws(FileError) in try ParquetFile(url) }, columns: columns)
    case .arrow:
      ColumnFileReader(try opened { () throws(FileError) in try ArrowFile(url) }, columns: columns)
    case .jsonLines, .json, .table, .document: nil
    }
  }

  func forEachRecord(_ body: (DatasetRecord) throws(DatasetError) -> Void) throws(DatasetError) {
    if let columns = try columnFile() { return try columns.forEachRecord(body) }
    let file = try mapped()
    try withExtendedLifetime(file) { () throws(DatasetError) in
      guard let compression = format.compression else { return try read(try text(of: file), body) }
      let decoded = try compression.contents(file.bytes, path: path)
      try withBytes(of: decoded) { bytes throws(DatasetError) in try read(try text(of: bytes), body) }
    }
  }

  /// The file, mapped, so that one of gigabytes is not held twice while its rows are encoded.
  func mapped() throws(DatasetError) -> MappedFile {
    let file = try opened { () throws(FileError) in try MappedFile(path: path) }
    guard !ParquetFile.isParquet(file.bytes) else {
      throw DatasetError(place: path, message: "is Parquet, but its name does not end in .parquet: rename it")
    }
    guard !ArrowFile.isArrow(file.bytes) else {
      throw DatasetError(place: path, message: "is Arrow, but its name does not end in .arrow: rename it")
    }
    if format.compression == nil, let found = DatasetFormat.Compression.allCases.first(where: { $0.begins(file.bytes) })
    {
      throw DatasetError(
        place: path, message: "is \(found.name), but its name does not end in .\(found.rawValue): rename it")
    }
    return file
  }

  /// Bytes of the file; nil where it is none.
  var byteCount: Int? {
    (try? FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path))?[.size] as? Int
  }

  /// The text of a file that is not compressed, behind a byte order mark; valid as long as the file is mapped.
  func text(of file: MappedFile) throws(DatasetError) -> UnsafeRawBufferPointer { try text(of: file.bytes) }

  private func text(of bytes: UnsafeRawBufferPointer) throws(DatasetError) -> UnsafeRawBufferPointer {
    if let wide = ForeignEncoding(wide: bytes) { throw DatasetError(place: path, message: wide.message) }
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let hasMark = bytes.prefix(3).elementsEqual(byteOrderMark)
    return UnsafeRawBufferPointer(rebasing: hasMark ? bytes[3...] : bytes[...])
  }

  private func read(
    _ bytes: UnsafeRawBufferPointer, _ body: (DatasetRecord) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    switch format.kind {
    case .json where JSONListReader.begins(bytes):
      var reader = JSONListReader(bytes: bytes, path: path)
      try reader.forEachRecord(body)
    case .jsonLines, .json:
      try JSONLinesReader(bytes: bytes, path: path).forEachRecord(body)
    case .table(let separator):
      var reader = TableReader(bytes: bytes, separator: separator, path: path)
      try reader.forEachRecord(body)
    case .parquet, .arrow: preconditionFailure("such a file is read by its columns")
    case .document:
      guard bytes.count <= Self.documentLimit else {
        throw DatasetError(
          place: path,
          message: "is one document of \(bytes.count) bytes, and this machine's memory holds one of "
            + "\(Self.documentLimit) with its tokens: divide it, or write its parts as the rows of a .jsonl")
      }
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw DatasetError(place: path, message: ForeignEncoding(bytes, in: "file").message)
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
      guard error.kind == .inputOutput || ![.parquet, .arrow].contains(format.kind) else {
        throw ColumnFileReader.fault(error)
      }
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
