import Foundation
import Glibc
import Synchronization

/// A large file of text whose rows are read one by one, wherever they stand.
///
/// The file is mapped, and its pages are given back as they were read: memory does not grow with the file.
final class IndexedFile: Sendable {
  /// Bytes of a file that are read before their pages are given back.
  private static let releasedByteCount = 32 << 20
  /// Rows that are read before the file's pages are given back: the system maps some neighbours with each.
  private static let releasedRows = 256

  let path: String
  private let kind: DatasetFormat.Kind
  private let mapped: MappedFile
  /// Place of the text in the file, behind a byte order mark.
  private let textStart: Int
  private let index: RowIndex
  /// A table's header.
  private let header: [String]
  private let readRows = Atomic<Int>(0)

  /// Rows of the file.
  var count: Int { index.count }

  /// Opens a file, and reads all of it where its index is not kept.
  ///
  /// - Parameter hash: SHA-256 of the file.
  init(_ reader: RowFileReader, hash: String) throws(DatasetError) {
    path = reader.url.path
    mapped = try reader.mapped()
    let text = try reader.text(of: mapped)
    textStart = mapped.bytes.count - text.count
    let isList = reader.format.kind == .json && JSONListReader.begins(text)
    kind = reader.format.kind == .json && !isList ? .jsonLines : reader.format.kind
    let (path, kind, mapped, textStart) = (path, kind, mapped, textStart)
    if case .table(let separator) = kind {
      var table = TableReader(bytes: text, separator: separator, path: path)
      header = try table.header() ?? []
    } else {
      header = []
    }
    index = try RowIndex(key: "\(hash)-\(reader.format.name)", byteCount: mapped.bytes.count) {
      place throws(DatasetError) in
      var released = 0
      func found(_ start: Int) {
        place(start)
        guard start - released >= Self.releasedByteCount else { return }
        mapped.release(released..<start)
        released = start
      }
      // A row's bytes are a part of the text: their place is their distance from its beginning.
      func found(_ record: DatasetRecord) {
        guard case .json(let bytes) = record.content, let first = bytes.baseAddress, let base = text.baseAddress else {
          return
        }
        found(textStart + (first - base))
      }
      switch kind {
      case .json:
        var list = JSONListReader(bytes: text, path: path)
        try list.forEachRecord { record in found(record) }
      case .table(let separator):
        var table = TableReader(bytes: text, separator: separator, path: path)
        try table.forEachRow { _, start in found(textStart + start) }
      default: try JSONLinesReader(bytes: text, path: path).forEachRecord { record in found(record) }
      }
    }
    mapped.release(0..<mapped.bytes.count)
  }

  /// Hands the record of a row to `body`; it is valid until `body` returns.
  func withRecord<Value>(
    _ row: Int, _ body: (DatasetRecord) throws(DatasetError) -> Value
  ) throws(DatasetError) -> Value {
    defer {
      if readRows.wrappingAdd(1, ordering: .relaxed).newValue % Self.releasedRows == 0 {
        mapped.release(0..<mapped.bytes.count)
      }
    }
    let content = try content(row)
    do throws(DatasetError) {
      return try body(DatasetRecord(place: "", content: content))
    } catch {
      // The line is counted only where someone wants to know it.
      guard error.place.isEmpty else { throw error }
      throw DatasetError(place: place(of: row), message: error.message, exitCode: error.exitCode)
    }
  }

  private func content(_ row: Int) throws(DatasetError) -> DatasetRecord.Content {
    let start = index[row]
    let text = UnsafeRawBufferPointer(rebasing: mapped.bytes[textStart...])
    guard start >= textStart, start < mapped.bytes.count else {
      throw DatasetError(
        place: path, message: "the file is no longer what it was: let nothing write to it while it is read, run again")
    }
    switch kind {
    case .json:
      var list = JSONListReader(bytes: text, path: path)
      return .json(try list.row(at: start - textStart))
    case .table(let separator):
      var table = TableReader(bytes: text, separator: separator, path: path)
      return .cells(try table.row(at: start - textStart, header: header))
    default:
      let rest = UnsafeRawBufferPointer(rebasing: mapped.bytes[start...])
      let end = rest.baseAddress.flatMap { memchr($0, Int32(UInt8(ascii: "\n")), rest.count) }
      let count = end.flatMap { end in rest.baseAddress.map { UnsafeRawPointer(end) - $0 } } ?? rest.count
      return .json(UnsafeRawBufferPointer(rebasing: rest[..<count]))
    }
  }

  /// The place of a row: `path/train.jsonl:17`.
  func place(of row: Int) -> String {
    let end = min(index[row], mapped.bytes.count)
    var line = 1
    for start in stride(from: 0, to: end, by: Self.releasedByteCount) {
      let part = start..<min(start + Self.releasedByteCount, end)
      line += mapped.bytes[part].count { $0 == UInt8(ascii: "\n") }
      mapped.release(part)
    }
    return "\(path):\(line)" + (kind == .json ? " (row \(row + 1))" : "")
  }
}
