import Foundation

/// A dataset's file → its rows, each with the place where it stands.
struct DatasetReader {
  let url: URL
  let format: DatasetFormat
  private let columns: ColumnNames
  private let path: String

  /// - Parameter columns: what the file calls the rows' keys.
  /// - Throws: `DatasetError`, where the file's name tells no format that is read.
  init(url: URL, columns: ColumnNames) throws(DatasetError) {
    self.url = url
    self.columns = columns
    path = url.path
    format = try DatasetFormat(of: url)
    if format.kind == .document, !columns.isEmpty {
      throw DatasetError(place: path, message: "a document has no columns: remove the round's columns")
    }
  }

  /// Reads every row and hands it on.
  /// - Parameter body: takes a row, its index from 0, and its place (`path:line`).
  func forEachRow(_ body: (DatasetRow, Int, String) throws(DatasetError) -> Void) throws(DatasetError) {
    var unseen = Set(columns.pairs.map(\.column))
    var count = 0
    var first = path
    try forEachRecord { record throws(DatasetError) in
      if count == 0 { first = record.place }
      try body(try record.row(columns: columns, unseen: &unseen), count, record.place)
      count += 1
    }
    if count > 0, let pair = columns.pairs.first(where: { unseen.contains($0.column) }) {
      throw DatasetError(
        place: first,
        message:
          "neither this row nor any other has the column \"\(excerpt(pair.column))\", which the recipe's columns "
          + "name for \(pair.key): correct the name, or leave it out")
    }
  }

  /// Counts the rows without reading their keys.
  func countRows() throws(DatasetError) -> Int {
    var count = 0
    try forEachRecord { _ in count += 1 }
    return count
  }

  private func forEachRecord(_ body: (DatasetRecord) throws(DatasetError) -> Void) throws(DatasetError) {
    try withBytes(of: try contents()) { bytes throws(DatasetError) in
      guard format.isCompressed else {
        guard !GzipFile.begins(bytes) else {
          throw DatasetError(place: path, message: "is gzip, but its name does not end in .gz: rename it")
        }
        return try read(bytes, body)
      }
      let decoded = try GzipFile.contents(bytes, path: path)
      try withBytes(of: decoded) { bytes throws(DatasetError) in try read(bytes, body) }
    }
  }

  private func read(
    _ bytes: UnsafeRawBufferPointer, _ body: (DatasetRecord) throws(DatasetError) -> Void
  ) throws(DatasetError) {
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
    case .document:
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw DatasetError(place: path, message: "is not UTF-8 text: convert it, as with iconv -t UTF-8")
      }
      if !text.isEmpty { try body(DatasetRecord(place: path, content: .document(text))) }
    }
  }

  private func contents() throws(DatasetError) -> Data {
    var isFolder = ObjCBool(false)
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw DatasetError(
        place: path, message: "no such dataset: check the path, which is relative to the recipe", exitCode: 66)
    }
    guard !isFolder.boolValue else {
      throw DatasetError(place: path, message: "is a folder: name a file in it, such as train.jsonl", exitCode: 66)
    }
    do {
      // Mapped, so that a file of gigabytes is not held twice while its rows are encoded.
      return try Data(contentsOf: url, options: .mappedIfSafe)
    } catch {
      throw DatasetError(
        place: path, message: "the dataset cannot be read: check that you may read the file", exitCode: 74)
    }
  }

  /// Foundation's own function forgets what kind of error its closure throws.
  private func withBytes(
    of data: Data, _ body: (UnsafeRawBufferPointer) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    try data.withUnsafeBytes { bytes in Result { () throws(DatasetError) in try body(bytes) } }.get()
  }
}
