import Foundation

/// A Parquet file, the form that datasets of Hugging Face come in: its rows are JSON objects.
///
/// Read are the physical types and encodings of format 2.11, data pages of both versions, and pages that are not
/// compressed or by Snappy, gzip or Zstandard. Columns whose values JSON has not (dates, decimals, bytes) are refused by
/// name once they are asked for. The file is mapped; a row group at a time is open, and a page of each of its columns.
/// Nothing that the file states is believed: sizes, offsets, counts, levels and nesting are checked before use.
///
/// Source: https://github.com/apache/parquet-format.
package struct ParquetFile: Sendable {
  /// The four bytes at both ends of a file.
  private static let mark: [UInt8] = Array("PAR1".utf8)
  /// The mark of a file whose footer is encrypted.
  private static let encryptedMark: [UInt8] = Array("PARE".utf8)

  /// Most JSON values of a row, nulls and lists among them.
  static let rowValueLimit = 1 << 22

  /// Rows of the file.
  package let rowCount: Int
  /// The file's bytes.
  let mapped: MappedFile
  /// The columns' tree.
  let schema: ParquetSchema
  /// The row groups, whose chunks lie apart from each other within the file.
  let rowGroups: [ParquetMetadata.RowGroup]

  /// True where a file begins and ends as Parquet does.
  package static func isParquet(_ bytes: UnsafeRawBufferPointer) -> Bool {
    [mark, encryptedMark].contains { bytes.starts(with: $0) && bytes.suffix(4).elementsEqual($0) }
  }

  /// Opens the file at `url` and reads its footer.
  package init(_ url: URL) throws(FileError) {
    let mapped = try MappedFile(path: url.path)
    self.mapped = mapped
    let footer = try Self.footer(of: mapped)
    do throws(ColumnFault) {
      var reader = ThriftReader(UnsafeRawBufferPointer(rebasing: mapped.bytes[footer]))
      let metadata = try ParquetMetadata(&reader)
      schema = try ParquetSchema(metadata.schema)
      rowCount = metadata.rowCount
      rowGroups = metadata.rowGroups
      try Self.check(metadata, schema, pages: Self.mark.count..<footer.lowerBound)
    } catch {
      throw FileError(
        error.kind, path: url.path, byteOffset: footer.lowerBound, "Parquet's footer: \(error.problem)",
        remedy: error.remedy)
    }
  }

  /// The file's path.
  package var path: String { mapped.path }

  /// Names of the top-level columns, in the file's order.
  package var columnNames: [String] { schema.columns.map(\.name) }

  /// The rows, from the first on.
  ///
  /// - Parameter columns: names of the columns that are read, all where it is nil; those that the file has not are passed
  ///   over, and the file's others are never decoded.
  /// - Throws: `.unsupported` about a column whose values a row cannot hold.
  package func rows(columns: Set<String>? = nil) throws(FileError) -> ParquetRows {
    let read = schema.columns.filter { columns?.contains($0.name) ?? true }
    for node in read {
      guard let found = schema.unread(in: node) else { continue }
      throw .unsupported(
        mapped.path, "the column \"\(excerpt(found.path))\" holds \(found.what), which a row cannot hold",
        remedy: "write it as text or numbers, or leave the column out")
    }
    return ParquetRows(self, columns: read)
  }

  /// Most bytes of the texts of all rows: a dictionary holds a text once however many rows have it, so that a file of some
  /// kilobytes could go on without end.
  var textLimit: Int { CheckedSize.product([mapped.bytes.count, 1 << 14]).map { $0 + 1 << 30 } ?? .max }

  // MARK: - The footer

  /// Place of the footer: before its length, four bytes, and the closing mark.
  private static func footer(of file: MappedFile) throws(FileError) -> Range<Int> {
    let bytes = file.bytes
    guard !bytes.suffix(4).elementsEqual(encryptedMark) else {
      throw .unsupported(file.path, "the Parquet file is encrypted", remedy: "write it without encryption")
    }
    guard bytes.starts(with: mark) else {
      throw .invalid(file.path, at: 0, "a Parquet file begins with PAR1, and this one does not")
    }
    guard bytes.count >= 12, bytes.suffix(4).elementsEqual(mark) else {
      throw .invalid(
        file.path, at: bytes.count, "a Parquet file ends with PAR1, and this one does not: it is cut short")
    }
    let end = bytes.count - 8
    let count = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self)))
    guard count <= end - 4 else {
      throw .invalid(file.path, at: end, "a footer of \(count) bytes where \(end - 4) are before it")
    }
    return end - count..<end
  }

  /// Checks what the footer says about row groups against the schema and against the bytes that are there.
  private static func check(
    _ metadata: ParquetMetadata, _ schema: ParquetSchema, pages: Range<Int>
  ) throws(ColumnFault) {
    // Runs hold a great many equal values in some bytes; no real file has as many as these, and they would take hours.
    var valuesLeft = CheckedSize.product([pages.upperBound, 1 << 10]).map { $0 + 1 << 24 } ?? .max
    var rowCount = 0
    var places: [Range<Int>] = []
    for group in metadata.rowGroups {
      for count in [group.rowCount] + group.chunks.map(\.valueCount) {
        guard count <= valuesLeft else {
          throw .damaged("a file of \(pages.upperBound) bytes cannot hold as many as \(count) values more")
        }
        valuesLeft -= count
      }
      rowCount += group.rowCount
      guard group.chunks.count == schema.leaves.count else {
        throw .damaged("a row group of \(group.chunks.count) columns, where the schema has \(schema.leaves.count)")
      }
      for (chunk, leaf) in zip(group.chunks, schema.leaves) where !chunk.isElsewhere && !chunk.isEncrypted {
        func fault(_ problem: String) -> ColumnFault { .damaged("the column \"\(excerpt(leaf.path))\" \(problem)") }
        guard chunk.physicalType == leaf.physicalType else { throw fault("has another type than in the schema") }
        guard chunk.valueCount == group.rowCount || leaf.repetitionLevel > 0 && chunk.valueCount > group.rowCount else {
          throw fault("has \(chunk.valueCount) values for \(group.rowCount) rows")
        }
        guard chunk.valueCount <= CheckedSize.product([group.rowCount, rowValueLimit]) ?? .max else {
          throw .unsupported(
            "the column \"\(excerpt(leaf.path))\" has rows of more than \(rowValueLimit) values, the most that are read",
            remedy: "divide them into several")
        }
        guard chunk.valueCount > 0 else { continue }
        guard let end = CheckedSize.sum(chunk.start, chunk.byteCount), chunk.start >= pages.lowerBound,
          end <= pages.upperBound
        else { throw fault("lies outside the file, at byte \(chunk.start)") }
        places.append(chunk.start..<end)
      }
    }
    guard rowCount == metadata.rowCount else {
      throw .damaged("\(metadata.rowCount) rows, but \(rowCount) in the row groups")
    }
    places.sort { $0.lowerBound < $1.lowerBound }
    for (place, following) in zip(places, places.dropFirst()) where place.upperBound > following.lowerBound {
      throw .damaged("two columns lie at byte \(following.lowerBound)")
    }
  }
}
