import Foundation

/// Reader of a file of columns: each row becomes the text of a JSON object, so that it is read as a line of a .jsonl is.
///
/// Columns by which no row is read, and which do not change what a row means, are never decoded: a row has null for them,
/// so that errors about its keys can name them.
struct ColumnFileReader {
  private let file: any ColumnFile
  private let path: String
  private let readColumns: Set<String>
  /// Columns that are not decoded, in the file's order.
  let passedColumns: [String]

  /// - Parameter columns: the file's columns for the rows' keys.
  init(_ file: any ColumnFile, columns: ColumnNames) {
    self.file = file
    path = file.path
    let keys = RowKeys.all.union(columns.pairs.map(\.column))
    readColumns = keys.intersection(file.columnNames)
    passedColumns = file.columnNames.filter { !keys.contains($0) }
  }

  /// Rows of the file.
  var rowCount: Int { file.rowCount }

  /// Hands each row to `body`; its place is `path:17`, the number of the row from 1.
  func forEachRecord(_ body: (DatasetRecord) throws(DatasetError) -> Void) throws(DatasetError) {
    let rows: any ColumnRows = try Self.read { () throws(FileError) in try file.rows(columns: readColumns) }
    var number = 0
    while let row = try Self.read({ () throws(FileError) in try rows.next() }) {
      number += 1
      let place = "\(path):\(number)"
      var object = row.object ?? JSONObject()
      for (column, value) in object.members where Self.hasNonFinite(value) {
        throw DatasetError(
          place: place,
          message: "\"\(excerpt(column))\" holds a number that is not finite (NaN or infinity): write null or another")
      }
      for column in passedColumns { _ = object.insert(.null, for: column) }
      let text = JSONWriter.data(.object(object), .compact)
      try text.withUnsafeBytes { bytes in
        Result { () throws(DatasetError) in try body(DatasetRecord(place: place, content: .json(bytes))) }
      }.get()
    }
  }

  /// The dataset's error about a file that cannot be read on.
  static func fault(_ error: FileError) -> DatasetError {
    let place = error.byteOffset.map { "\(error.path), byte \($0)" } ?? error.path
    return DatasetError(place: place, message: "\(error.problem); \(error.remedy)", exitCode: error.exitCode)
  }

  private static func read<Value>(_ body: () throws(FileError) -> Value) throws(DatasetError) -> Value {
    do throws(FileError) { return try body() } catch { throw fault(error) }
  }

  private static func hasNonFinite(_ value: JSON) -> Bool {
    switch value.content {
    case .number(let number): !number.isFinite
    case .array(let elements): elements.contains(where: hasNonFinite)
    case .object(let object): object.members.contains { hasNonFinite($0.value) }
    case .null, .bool, .integer, .string: false
    }
  }
}
