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

  /// `path/train.jsonl:17`: where it begins.
  let place: String
  let content: Content

  /// The record's row.
  /// - Parameters:
  ///   - columns: what the file calls the keys.
  ///   - unseen: columns that no row has had yet; this row's are taken away.
  func row(columns: ColumnNames, unseen: inout Set<String>) throws(DatasetError) -> DatasetRow {
    let object: [String: Any]
    switch content {
    case .document(let text): return .text(text)
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
      return try DatasetRow(row)
    } catch {
      throw DatasetError(place: place, message: columns.absence(in: object) ?? error.message)
    }
  }

  private func object(_ bytes: UnsafeRawBufferPointer) throws(DatasetError) -> [String: Any] {
    let value: Any
    do {
      value = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    } catch {
      let start = excerpt(String(decoding: bytes.prefix(40), as: UTF8.self))
      throw DatasetError(
        place: place,
        message: "is not JSON (it begins \(start)): write each row as one complete object, in a .jsonl on its own line")
    }
    guard let object = value as? [String: Any] else {
      throw DatasetError(
        place: place,
        message: "is JSON but no object: write one {…} a line; a file that is one list of rows is named .json")
    }
    return object
  }
}
