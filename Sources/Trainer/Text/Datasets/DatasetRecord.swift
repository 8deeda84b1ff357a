import Foundation

/// One row as its file has it, before its keys are read.
struct DatasetRecord {
  enum Content {
    /// The text of one JSON value; valid while the file is being read.
    case json(UnsafeRawBufferPointer)
    /// A table's cells by their columns.
    case cells([String: String])
    case document(String)
  }

  /// Place at which it begins: `path/train.jsonl:17`.
  let place: String
  let content: Content

  /// The record's row, and the weight of its tokens in the mean loss.
  /// - Parameters:
  ///   - columns: the file's columns for the rows' keys.
  ///   - unseen: columns that no row has had so far; loses those of this row.
  ///   - passed: collects the keys that are not read and change nothing.
  func row(
    columns: ColumnNames, unseen: inout Set<String>, passed: inout Set<String>
  ) throws(DatasetError) -> (row: DatasetRow, weight: Float) {
    let object: [String: Any]
    switch content {
    case .document(let text): return (.text(text), 1)
    case .cells(let cells): object = cells
    case .json(let bytes): object = try self.object(bytes)
    }
    if !unseen.isEmpty { unseen.subtract(object.keys) }
    let row = columns.renamed(object)
    if case .cells = content, row["input_ids"] != nil {
      throw DatasetError(
        place: place, message: "token ids are not read from a table's cells: write {input_ids, labels} rows as .jsonl")
    }
    do {
      var read = try DatasetRow(row, beside: columns.rest(of: object), passed: &passed)
      if case .conversation(let conversation) = read {
        read = .conversation(
          try ConversationRow(row).completed(conversation, columns: columns) { () throws(DatasetRow.Fault) in
            try ordered()
          })
      }
      return (read, try DatasetRow.weight(weight(in: object, columns)))
    } catch {
      throw DatasetError(place: place, message: columns.absence(in: object) ?? error.message)
    }
  }

  /// The value of `weight`; nil where the record has none, or where the recipe takes that column for another key.
  private func weight(in object: [String: Any], _ columns: ColumnNames) -> Any? {
    guard !columns.pairs.contains(where: { $0.column == DatasetRow.weightKey }) else { return nil }
    guard case .cells(let cells) = content else { return object[DatasetRow.weightKey] }
    return cells[DatasetRow.weightKey].map { DatasetRow.Cell(text: $0) }
  }

  /// The row with its members in the order of the file, which templates write; nil for a table's row.
  private func ordered() throws(DatasetRow.Fault) -> JSONObject? {
    guard case .json(let bytes) = content else { return nil }
    do {
      return try JSONParser.parse(bytes, path: place).object
    } catch {
      throw DatasetRow.Fault(message: error.problem)
    }
  }

  /// Most JSON values of a row: once parsed, each takes up to a hundred bytes.
  private static let valueLimit = 1 << 22

  private func object(_ bytes: UnsafeRawBufferPointer) throws(DatasetError) -> [String: Any] {
    guard bytes.count <= Self.valueLimit || Self.valueCount(bytes) <= Self.valueLimit else {
      throw DatasetError(
        place: place, message: "holds more than \(Self.valueLimit) values: divide it into rows of some thousand tokens")
    }
    let value: Any
    do {
      value = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    } catch {
      throw DatasetError(place: place, message: JSONRowFault(bytes).message)
    }
    guard let object = value as? [String: Any] else {
      throw DatasetError(
        place: place,
        message: "is JSON but no object: write one {…} a line; a file that is one list of rows is named .json")
    }
    return object
  }

  /// Values in a JSON text, counted as commas, colons and opening square brackets outside strings.
  private static func valueCount(_ bytes: UnsafeRawBufferPointer) -> Int {
    var count = 0
    var isInString = false
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\\") where isInString: index += 1
      case UInt8(ascii: "\""): isInString.toggle()
      case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "["): count += isInString ? 0 : 1
      default: break
      }
      index += 1
    }
    return count
  }
}
