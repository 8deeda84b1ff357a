/// The rows of an Arrow file, one after another, as JSON objects; a batch at a time is open.
package final class ArrowRows {
  private let file: ArrowFile
  private let isRead: [Bool]
  /// Dictionaries that the read columns refer to, with the field whose values they hold.
  private let dictionaryFields: [Int64: ArrowField]
  private var dictionaries: [Int64: ArrowColumn] = [:]
  private var nextMessage = 0
  /// The columns that are read of the open batch, and its rows.
  private var columns: [ArrowColumn] = []
  private var rowCount = 0
  private var nextRow = 0
  /// Rows of the batches before.
  private var rowsBefore = 0
  private var budget: ArrowColumn.Budget

  /// Rows with some of the columns of `file`, a truth value for each.
  init(_ file: ArrowFile, isRead: [Bool]) {
    (self.file, self.isRead) = (file, isRead)
    var fields: [Int64: ArrowField] = [:]
    for (field, isRead) in zip(file.fields, isRead) where isRead {
      for part in field.parts { if let dictionary = part.dictionary { fields[dictionary.id] = part } }
    }
    dictionaryFields = fields
    // A dictionary holds a text once however many rows have it: a file of some kilobytes could go on without end.
    let bytes = CheckedSize.product([file.mapped.bytes.count, 1 << 14]).map { $0 + 1 << 30 } ?? .max
    budget = .init(rowValues: 0, rowBytes: 0, fileBytes: bytes)
  }

  /// The next row: an object with a member for each column, in the file's order; nil behind the last.
  package func next() throws(FileError) -> JSON? {
    while nextRow == rowCount {
      guard nextMessage < file.messages.count else { return nil }
      let message = file.messages[nextMessage]
      try located(message) { () throws(ColumnFault) in try open(message) }
      nextMessage += 1
    }
    (budget.rowValues, budget.rowBytes) = (ParquetFile.rowValueLimit, FileLines.byteLimit)
    var row = JSONObject()
    try located(file.messages[nextMessage - 1]) { () throws(ColumnFault) in
      for column in columns { _ = row.insert(try column.value(nextRow, &budget), for: column.name) }
    }
    nextRow += 1
    guard !budget.isSpent else { throw tooLarge() }
    return .object(row)
  }

  private func tooLarge() -> FileError {
    let isFile = budget.fileBytes < 0
    let most = budget.rowValues < 0 ? "\(ParquetFile.rowValueLimit) values" : "\(FileLines.byteLimit) bytes of text"
    return .unsupported(
      file.path,
      isFile
        ? "the first \(rowsBefore + nextRow) rows hold more text than a file of \(file.mapped.bytes.count) bytes is read for"
        : "row \(rowsBefore + nextRow) holds more than \(most), the most that are read at once",
      remedy: isFile
        ? "check where the file comes from, and write its rows as .jsonl" : "divide it into several rows")
  }

  /// Opens a batch of rows, or takes a dictionary in.
  private func open(_ message: ArrowFile.Message) throws(ColumnFault) {
    let body = UnsafeRawBufferPointer(rebasing: file.mapped.bytes[message.body])
    var batch = try ArrowBatch(try ArrowFile.batch(file.mapped.bytes, message), body: body)
    if message.isDictionary { return try take(&batch, message) }
    rowsBefore += rowCount
    if nextMessage > 0 { file.mapped.release(file.messages[nextMessage - 1].body) }
    (columns, nextRow, rowCount) = ([], 0, 0)
    for (field, isRead) in zip(file.fields, isRead) {
      let column = try batch.column(field, count: batch.rowCount, isRead: isRead, dictionaries: dictionaries)
      if let column { columns.append(column) }
    }
    rowCount = batch.rowCount
  }

  private func take(_ batch: inout ArrowBatch, _ message: ArrowFile.Message) throws(ColumnFault) {
    let metadata = UnsafeRawBufferPointer(rebasing: file.mapped.bytes[message.metadata])
    guard let header = try FlatTable(root: metadata).table(2) else { return }
    let id = try header.number(0, Int64.self)
    guard let field = dictionaryFields[id] else { return }
    guard try header.number(2, UInt8.self) == 0 else {
      throw .unsupported(
        "a dictionary that grows from batch to batch is not read",
        remedy: "write the column as text, or as one dictionary (pyarrow's Table.unify_dictionaries)")
    }
    dictionaries[id] = try batch.column(
      field, count: batch.rowCount, isRead: true, values: true, dictionaries: dictionaries)
  }

  private func located(
    _ message: ArrowFile.Message, _ body: () throws(ColumnFault) -> Void
  ) throws(FileError) {
    do throws(ColumnFault) {
      try body()
    } catch {
      throw FileError(
        error.kind, path: file.path, byteOffset: message.metadata.lowerBound, "Arrow: \(error.problem)",
        remedy: error.remedy)
    }
  }
}
