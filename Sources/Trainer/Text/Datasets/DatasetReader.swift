import Foundation

/// A dataset's file → its rows, each with the line it stands on.
struct DatasetReader {
  let url: URL

  /// Reads every row and hands it on; blank lines are passed over.
  /// - Parameter body: takes a row and its place (`path:line`).
  func forEachRow(_ body: (DatasetRow, String) throws(DatasetError) -> Void) throws(DatasetError) {
    let data = try contents()
    switch url.pathExtension.lowercased() {
    case "jsonl", "json": try lines(of: data, body)
    case "txt":
      guard let text = String(data: data, encoding: .utf8) else {
        throw DatasetError(place: url.path, message: "is not UTF-8 text: convert it, as with iconv -t UTF-8")
      }
      if !text.isEmpty { try body(.text(text), url.path) }
    default:
      throw DatasetError(
        place: url.path,
        message: "a dataset is a .jsonl or .json file (one JSON object a line) or a .txt document, not "
          + "'\(url.lastPathComponent)': rename or convert it")
    }
  }

  private func contents() throws(DatasetError) -> Data {
    var isFolder = ObjCBool(false)
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw DatasetError(
        place: url.path, message: "no such dataset: check the path, which is relative to the recipe", exitCode: 66)
    }
    guard !isFolder.boolValue else {
      throw DatasetError(
        place: url.path, message: "is a folder: name a file in it, such as train.jsonl", exitCode: 66)
    }
    do {
      // Mapped, so that a file of gigabytes is not held twice while its rows are encoded.
      return try Data(contentsOf: url, options: .mappedIfSafe)
    } catch {
      throw DatasetError(
        place: url.path, message: "the dataset cannot be read: check that you may read the file", exitCode: 74)
    }
  }

  private func lines(of data: Data, _ body: (DatasetRow, String) throws(DatasetError) -> Void) throws(DatasetError) {
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    var start = data.startIndex
    if data.prefix(3).elementsEqual(byteOrderMark) { start += 3 }
    var number = 0
    while start < data.endIndex {
      let end = data[start...].firstIndex(of: UInt8(ascii: "\n")) ?? data.endIndex
      number += 1
      let line = data[start..<end]
      start = end < data.endIndex ? end + 1 : end
      // Space, tab and carriage return: a blank line.
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      let place = "\(url.path):\(number)"
      try body(try Self.row(line, place: place), place)
    }
  }

  private static func row(_ line: Data, place: String) throws(DatasetError) -> DatasetRow {
    let value: Any
    do {
      value = try JSONSerialization.jsonObject(with: line, options: .fragmentsAllowed)
    } catch {
      let start = excerpt(String(decoding: line.prefix(40), as: UTF8.self))
      throw DatasetError(
        place: place, message: "is not JSON (it begins \(start)): write one complete JSON object on each line")
    }
    guard let object = value as? [String: Any] else {
      throw DatasetError(
        place: place, message: "is JSON but no object: write one {…} a line, not a list of rows or a bare value")
    }
    do {
      return try DatasetRow(object)
    } catch {
      throw DatasetError(place: place, message: error.message)
    }
  }
}
