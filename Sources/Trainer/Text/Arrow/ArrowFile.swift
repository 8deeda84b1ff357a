import Foundation

/// An Arrow file, the form in which `save_to_disk` of Hugging Face's datasets keeps them: its rows are JSON objects.
///
/// Read are both forms of Arrow IPC, a stream of messages and a file with a footer (Feather, version 2), with buffers that
/// are not compressed or by LZ4 or Zstandard. Columns whose values JSON has not (dates, decimals, bytes) are refused by
/// name once they are asked for. The file is mapped; a batch at a time is open. Nothing that the file states is believed:
/// sizes, offsets, counts and nesting are checked before use.
///
/// Source: https://arrow.apache.org/docs/format/Columnar.html, section "Serialization and Interprocess Communication".
package struct ArrowFile: Sendable {
  /// A message of the file that brings values.
  struct Message {
    /// True for the values of a dictionary, false for rows.
    let isDictionary: Bool
    /// Place of its metadata, a FlatBuffer.
    let metadata: Range<Int>
    /// Place of its buffers.
    let body: Range<Int>
  }

  /// The six bytes at both ends of a file with a footer.
  private static let mark: [UInt8] = Array("ARROW1".utf8)
  /// The mark of Feather's first version.
  private static let oldMark: [UInt8] = Array("FEA1".utf8)
  /// The four bytes before a message's size.
  private static let continuation: UInt32 = 0xFFFF_FFFF

  /// Rows of the file.
  package let rowCount: Int
  /// The file's bytes.
  let mapped: MappedFile
  /// The columns.
  let fields: [ArrowField]
  /// Dictionaries and batches of rows, in the order in which they are read.
  let messages: [Message]

  /// True where a file begins as Arrow's with a footer, or as Feather's first version.
  package static func isArrow(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: mark) || bytes.starts(with: oldMark)
  }

  /// Opens the file at `url` and reads the metadata of its messages.
  package init(_ url: URL) throws(FileError) {
    let mapped = try MappedFile(path: url.path)
    self.mapped = mapped
    var place = 0
    do throws(ColumnFault) {
      let bytes = mapped.bytes
      guard !bytes.starts(with: Self.oldMark) else {
        throw .unsupported(
          "the first version of Feather is not read", remedy: "write it again with pyarrow.feather.write_feather")
      }
      (fields, messages) =
        bytes.starts(with: Self.mark)
        ? try Self.readFooter(bytes, &place) : try Self.readStream(bytes, &place)
      // No real batch has as many rows as this; empty columns take no bytes, and could go on for hours.
      let limit = CheckedSize.product([bytes.count, 1 << 10]).map { $0 + 1 << 24 } ?? .max
      var count = 0
      for message in messages where !message.isDictionary {
        place = message.metadata.lowerBound
        let rows = try Self.batch(bytes, message).number(0, Int64.self)
        guard rows >= 0, rows <= limit - count else {
          throw .damaged("a file of \(bytes.count) bytes cannot hold \(rows) rows more")
        }
        count += Int(rows)
      }
      rowCount = count
    } catch {
      throw FileError(error.kind, path: url.path, byteOffset: place, "Arrow: \(error.problem)", remedy: error.remedy)
    }
  }

  /// The file's path.
  package var path: String { mapped.path }

  /// Names of the top-level columns, in the file's order.
  package var columnNames: [String] { fields.map(\.name) }

  /// The rows, from the first on.
  ///
  /// - Parameter columns: names of the columns that are read, all where it is nil; those that the file has not are passed
  ///   over, and the file's others are never decoded.
  /// - Throws: `.unsupported` about a column whose values a row cannot hold.
  package func rows(columns: Set<String>? = nil) throws(FileError) -> ArrowRows {
    let isRead = fields.map { columns?.contains($0.name) ?? true }
    for (field, isRead) in zip(fields, isRead) where isRead {
      guard let found = field.unread() else { continue }
      throw .unsupported(
        mapped.path, "the column \"\(excerpt(found.path))\" holds \(found.what), which a row cannot hold",
        remedy: "write it as text or numbers, or leave the column out")
    }
    return ArrowRows(self, isRead: isRead)
  }

  /// The table of a message's rows, or of a dictionary's values.
  static func batch(_ bytes: UnsafeRawBufferPointer, _ message: Message) throws(ColumnFault) -> FlatTable {
    let root = try FlatTable(root: UnsafeRawBufferPointer(rebasing: bytes[message.metadata]))
    let header = try root.table(2)
    guard let batch = message.isDictionary ? try header?.table(1) : header else {
      throw .damaged("a message brings no values")
    }
    return batch
  }

  // MARK: - Messages

  /// Reads the messages of a stream one after another, to its end or the end of the file.
  private static func readStream(
    _ bytes: UnsafeRawBufferPointer, _ place: inout Int
  ) throws(ColumnFault) -> (fields: [ArrowField], messages: [Message]) {
    var fields: [ArrowField]?
    var messages: [Message] = []
    while place < bytes.count {
      guard let (message, kind, end) = try message(bytes, at: place) else { break }
      switch kind {
      case 1:
        guard fields == nil, let schema = try schema(bytes, message) else { throw .damaged("a second schema") }
        fields = try ArrowField.all(of: schema)
      case 2 where fields != nil, 3 where fields != nil: messages.append(message)
      default: throw .damaged(fields == nil ? "it does not begin with a schema" : "a message of the kind \(kind)")
      }
      place = end
    }
    guard let fields else { throw .damaged("it does not begin with a schema") }
    return (fields, messages)
  }

  private static func schema(_ bytes: UnsafeRawBufferPointer, _ message: Message) throws(ColumnFault) -> FlatTable? {
    try FlatTable(root: UnsafeRawBufferPointer(rebasing: bytes[message.metadata])).table(2)
  }

  /// Reads the messages that a footer lists, dictionaries first.
  private static func readFooter(
    _ bytes: UnsafeRawBufferPointer, _ place: inout Int
  ) throws(ColumnFault) -> (fields: [ArrowField], messages: [Message]) {
    guard bytes.count >= 8 + 4 + mark.count, bytes.suffix(mark.count).elementsEqual(mark) else {
      place = bytes.count
      throw .damaged("the file does not end with ARROW1: it is cut short")
    }
    let end = bytes.count - mark.count - 4
    place = end
    let size = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self)))
    guard size <= end - 8 else { throw .damaged("a footer of \(size) bytes where \(end - 8) are before it") }
    place = end - size
    let footer = try FlatTable(root: UnsafeRawBufferPointer(rebasing: bytes[end - size..<end]))
    guard let schema = try footer.table(1) else { throw .damaged("the footer has no schema") }
    let fields = try ArrowField.all(of: schema)
    var messages: [Message] = []
    for (list, wanted) in [(2, UInt8(2)), (3, UInt8(3))] {
      // A block: place, size of the metadata, size of the body.
      let blocks = try footer.structs(list, size: 24)
      for index in 0..<blocks.count {
        let start = Int64(littleEndian: blocks.bytes.loadUnaligned(fromByteOffset: 24 * index, as: Int64.self))
        guard (0..<Int64(end - size)).contains(start),
          let (message, kind, _) = try message(bytes, at: Int(start)), kind == wanted
        else { throw .damaged("the footer names a message at byte \(start) that is not there") }
        messages.append(message)
      }
    }
    return (fields, messages)
  }

  /// The message at a place, the number of its kind, and the place behind it; nil at the end of the stream.
  private static func message(
    _ bytes: UnsafeRawBufferPointer, at start: Int
  ) throws(ColumnFault) -> (message: Message, kind: UInt8, end: Int)? {
    var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[start...]))
    var size = try cursor.number(UInt32.self)
    // Before version 0.15 the size stood alone.
    if size == continuation { size = try cursor.number(UInt32.self) }
    if size == 0 { return nil }
    _ = try cursor.take(Int(size))
    let metadata = start + cursor.position - Int(size)..<start + cursor.position
    let root = try FlatTable(root: UnsafeRawBufferPointer(rebasing: bytes[metadata]))
    let bodySize = try root.number(3, Int64.self)
    guard let bodySize = Int(exactly: bodySize) else { throw .damaged("a message of \(bodySize) bytes") }
    _ = try cursor.take(bodySize)
    let body = metadata.upperBound..<metadata.upperBound + bodySize
    let kind = try root.number(1, UInt8.self)
    return (Message(isDictionary: kind == 2, metadata: metadata, body: body), kind, body.upperBound)
  }
}
