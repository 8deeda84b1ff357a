/// A file of columns, whose rows are JSON objects.
package protocol ColumnFile: Sendable {
  associatedtype Rows: ColumnRows

  var path: String { get }
  /// Rows of the file.
  var rowCount: Int { get }
  /// Names of the top-level columns, in the file's order.
  var columnNames: [String] { get }

  /// The rows, from the first on.
  ///
  /// - Parameter columns: names of the columns that are read, all where it is nil; the file's others are never decoded.
  /// - Throws: `.unsupported` about a column whose values a row cannot hold.
  func rows(columns: Set<String>?) throws(FileError) -> Rows
}

/// Rows of a file of columns, one after another.
package protocol ColumnRows: AnyObject {
  /// The next row: an object with a member for each column, in the file's order; nil behind the last.
  func next() throws(FileError) -> JSON?
}

extension ParquetFile: ColumnFile {}
extension ParquetRows: ColumnRows {}
extension ArrowFile: ColumnFile {}
extension ArrowRows: ColumnRows {}

/// A fault in the bytes of a file of columns, in words; whoever knows file, column and byte makes a `FileError` of it.
struct ColumnFault: Error {
  /// The class of failure: `.invalid`, or `.unsupported` for what is well formed and not read.
  let kind: FileError.Kind
  /// The finding.
  let problem: String
  /// The step by which the user mends it.
  let remedy: String

  /// Bytes that contradict the format, or themselves.
  static func damaged(_ problem: String) -> ColumnFault {
    ColumnFault(kind: .invalid, problem: problem, remedy: FileError.damaged)
  }

  /// A feature of the format that is not read.
  static func unsupported(_ problem: String, remedy: String = Self.rewrite) -> ColumnFault {
    ColumnFault(kind: .unsupported, problem: problem, remedy: remedy)
  }

  /// The remedy where another setting of Parquet's writer would do.
  static let rewrite = "write it again with the defaults of pyarrow.parquet.write_table"
}
