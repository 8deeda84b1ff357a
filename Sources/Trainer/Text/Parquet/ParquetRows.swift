/// The rows of a Parquet file, one after another, as JSON objects.
///
/// One row group is open at a time, and of each of its columns one page. A row is put together from its columns' entries
/// by their levels: an entry below a node's definition level says that the node is null, or a list empty; a repetition
/// level says which list goes on (Dremel, Melnik et al. 2010).
package final class ParquetRows {
  private let file: ParquetFile
  private let columns: [ParquetSchema.Node]
  /// The row group that comes next, and the rows that are left of the open one.
  private var nextGroup = 0
  private var rowsLeft = 0
  /// Readers of the leaves; nil for those that are not read.
  private var readers: [ColumnReader?] = []
  /// Rows that were read.
  private var rowCount = 0
  private var rowValuesLeft = 0
  private var rowBytesLeft = 0
  private var bytesLeft: Int

  /// Rows with the given columns of `file`.
  init(_ file: ParquetFile, columns: [ParquetSchema.Node]) {
    (self.file, self.columns) = (file, columns)
    bytesLeft = file.textLimit
  }

  /// The next row: an object with a member for each column, in the file's order; nil behind the last.
  package func next() throws(FileError) -> JSON? {
    while rowsLeft == 0 {
      guard nextGroup < file.rowGroups.count else { return nil }
      try openGroup()
    }
    (rowValuesLeft, rowBytesLeft) = (ParquetFile.rowValueLimit, FileLines.byteLimit)
    let row = try structure(columns)
    rowCount += 1
    rowsLeft -= 1
    // Whatever is left of the row, or lacks, shows at its end.
    for case let reader? in readers {
      guard try reader.nextRepetition() == (rowsLeft == 0 ? nil : 0) else { throw reader.misplaced() }
    }
    if rowsLeft == 0 { closeGroup() }
    return row
  }

  // MARK: - Row groups

  private func openGroup() throws(FileError) {
    let group = file.rowGroups[nextGroup]
    readers = [ColumnReader?](repeating: nil, count: group.chunks.count)
    for leaf in columns.flatMap(\.leaves) {
      let reader = try ColumnReader(file.mapped, group.chunks[leaf], file.schema.leaves[leaf])
      guard try reader.nextRepetition() == (group.rowCount == 0 ? nil : 0) else { throw reader.misplaced() }
      readers[leaf] = reader
    }
    nextGroup += 1
    rowsLeft = group.rowCount
  }

  private func closeGroup() {
    readers = []
    for leaf in columns.flatMap(\.leaves) {
      file.mapped.release(file.rowGroups[nextGroup - 1].chunks[leaf].pages)
    }
  }

  // MARK: - Values

  private func reader(_ leaf: Int) -> ColumnReader {
    guard let reader = readers[leaf] else { preconditionFailure("a column that is read has a reader") }
    return reader
  }

  /// The value of a node, or null.
  private func value(_ node: ParquetSchema.Node) throws(FileError) -> JSON {
    switch node.repetition {
    case .required: return try content(node)
    case .optional: return try isThere(node) ? try content(node) : JSON(.null)
    case .repeated: return .array(try occurrences(of: node) { () throws(FileError) in try content(node) })
    }
  }

  /// True where a node that may be absent is there; passes over its entries where it is not.
  private func isThere(_ node: ParquetSchema.Node) throws(FileError) -> Bool {
    let isThere = try reader(node.leaves.lowerBound).nextDefinition() >= node.definitionLevel
    for leaf in node.leaves {
      let reader = reader(leaf)
      guard try (reader.nextDefinition() >= node.definitionLevel) == isThere else { throw reader.misplaced() }
      if !isThere { try reader.passNull() }
    }
    if !isThere { try spend(values: 1) }
    return isThere
  }

  /// The occurrences of a repeated node, each made by `element`.
  private func occurrences(
    of node: ParquetSchema.Node, _ element: () throws(FileError) -> JSON
  ) throws(FileError) -> [JSON] {
    var elements: [JSON] = []
    guard try isThere(node) else { return elements }
    var goesOn = true
    while goesOn {
      elements.append(try element())
      goesOn = try reader(node.leaves.lowerBound).nextRepetition() == node.repetitionLevel
      for leaf in node.leaves.dropFirst() {
        let reader = reader(leaf)
        guard try (reader.nextRepetition() == node.repetitionLevel) == goesOn else { throw reader.misplaced() }
      }
      // A further occurrence is there by its repetition; its definition must say so too.
      if goesOn, try !isThere(node) { throw reader(node.leaves.lowerBound).misplaced() }
    }
    return elements
  }

  /// The value of a node that is there.
  private func content(_ node: ParquetSchema.Node) throws(FileError) -> JSON {
    switch node.shape {
    case .value:
      let value = JSON(try reader(node.leaves.lowerBound).takeValue())
      try spend(values: 1, bytes: value.string?.utf8.count ?? 0)
      return value
    case .structure(let fields): return try structure(fields)
    case .list(let repeated, let isWrapped):
      try spend(values: 1)
      return .array(
        try occurrences(of: repeated) { () throws(FileError) in
          guard isWrapped, case .structure(let fields) = repeated.shape else { return try content(repeated) }
          return try value(fields[0])
        })
    case .map(let entry): return try map(entry)
    case .unread: preconditionFailure("a column that cannot be read is refused before its first row")
    }
  }

  private func structure(_ fields: [ParquetSchema.Node]) throws(FileError) -> JSON {
    var object = JSONObject()
    for field in fields {
      // Names differ: the schema was checked.
      _ = object.insert(try value(field), for: field.name)
    }
    return .object(object)
  }

  /// An object of a map's entries, whose keys must differ.
  private func map(_ entry: ParquetSchema.Node) throws(FileError) -> JSON {
    guard case .structure(let fields) = entry.shape else { preconditionFailure("an entry has key and value") }
    var object = JSONObject()
    _ = try occurrences(of: entry) { () throws(FileError) in
      let key = try value(fields[0]).string ?? ""
      let isNew = object.insert(try value(fields[1]), for: key)
      guard isNew else {
        throw reader(entry.leaves.lowerBound).located(
          ColumnFault(
            kind: .unsupported, problem: "a map has the key \"\(excerpt(key))\" twice", remedy: "keep one of them"))
      }
      return JSON(.null)
    }
    return .object(object)
  }

  /// Counts values and bytes of texts against what a row and a file may hold.
  private func spend(values: Int, bytes: Int = 0) throws(FileError) {
    rowValuesLeft -= values
    rowBytesLeft -= bytes
    bytesLeft -= bytes
    guard rowValuesLeft >= 0, rowBytesLeft >= 0 else {
      let most = rowValuesLeft < 0 ? "\(ParquetFile.rowValueLimit) values" : "\(FileLines.byteLimit) bytes of text"
      throw .unsupported(
        file.mapped.path, "row \(rowCount + 1) holds more than \(most), the most that are read at once",
        remedy: "divide it into several rows")
    }
    guard bytesLeft >= 0 else {
      throw .invalid(
        file.mapped.path,
        "the first \(rowCount) rows hold more than \(file.textLimit) bytes of text, more than a file "
          + "of \(file.mapped.bytes.count) bytes is read for",
        remedy: "check where the file comes from, and write its rows as .jsonl")
    }
  }
}
