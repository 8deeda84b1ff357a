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
  func row() throws(DatasetError) -> DatasetRow {
    switch content {
    case .document(let text): .text(text)
    case .cells(let cells): try row(of: cells)
    case .json(let bytes): try row(of: try object(bytes))
    }
  }

  private func row(of object: [String: Any]) throws(DatasetError) -> DatasetRow {
    do {
      return try DatasetRow(object)
    } catch {
      throw DatasetError(place: place, message: error.message)
    }
  }

  private func object(_ bytes: UnsafeRawBufferPointer) throws(DatasetError) -> [String: Any] {
    let value: Any
    do {
      value = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    } catch {
      let start = excerpt(String(decoding: bytes.prefix(40), as: UTF8.self))
      throw DatasetError(
        place: place, message: "is not JSON (it begins \(start)): write one complete JSON object on each line")
    }
    guard let object = value as? [String: Any] else {
      throw DatasetError(
        place: place,
        message: "is JSON but no object: write one {…} a line; a file that is one list of rows is named .json")
    }
    return object
  }
}
