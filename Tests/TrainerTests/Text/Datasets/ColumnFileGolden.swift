import Foundation
import TestSupport
import Testing

import Trainer

/// Files of columns that pyarrow wrote, and the rows that pyarrow reads of them, in a folder of Tests/Goldens.
struct ColumnFileGolden<File: ColumnFile> {
  /// Folder of the files, and the ending of their names.
  let format: String
  let open: @Sendable (URL) throws(FileError) -> File

  init(_ format: String, open: @escaping @Sendable (URL) throws(FileError) -> File) {
    self.format = format
    self.open = open
  }

  func url(_ name: String) -> URL { TestData.golden("\(format)/\(name).\(format)") }

  /// All rows of a file.
  func rows(_ url: URL, columns: Set<String>? = nil) throws(FileError) -> [JSON] {
    let rows = try open(url).rows(columns: columns)
    var all: [JSON] = []
    while let row = try rows.next() { all.append(row) }
    return all
  }

  /// The error that reading all rows ends in; nil where it ends in none.
  func error(_ url: URL, columns: Set<String>? = nil) -> FileError? {
    do throws(FileError) {
      _ = try rows(url, columns: columns)
      return nil
    } catch {
      return error
    }
  }

  /// The rows that pyarrow reads of a file.
  func pyarrowRows(_ name: String) throws -> [JSON] {
    let lines = try String(contentsOf: TestData.golden("\(format)/\(name).jsonl"), encoding: .utf8)
      .split(separator: "\n")
    return try lines.map { line in
      try Data(line.utf8).withUnsafeBytes { try JSONParser.parse($0, path: name) }
    }
  }

  /// Expects the rows of a file to be those that pyarrow reads.
  func check(_ name: String) throws {
    let found = try rows(url(name))
    let expected = try pyarrowRows(name)
    #expect(found.count == expected.count)
    #expect(try open(url(name)).rowCount == expected.count)
    for (index, (row, pyarrowRow)) in zip(found, expected).enumerated() {
      #expect(row == pyarrowRow, "row \(index) of \(name)")
    }
  }
}
