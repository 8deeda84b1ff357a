import Foundation

/// A dataset's file → its rows, each with the place where it stands.
struct DatasetReader {
  let url: URL
  let format: DatasetFormat
  private let path: String

  /// - Throws: `DatasetError`, where the file's name tells no format that is read.
  init(url: URL) throws(DatasetError) {
    self.url = url
    path = url.path
    format = try DatasetFormat(of: url)
  }

  /// Reads every row and hands it on.
  /// - Parameter body: takes a row and its place (`path:line`).
  func forEachRow(_ body: (DatasetRow, String) throws(DatasetError) -> Void) throws(DatasetError) {
    try forEachRecord { record throws(DatasetError) in try body(try record.row(), record.place) }
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
