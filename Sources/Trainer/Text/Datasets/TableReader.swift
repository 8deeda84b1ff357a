/// Reader of comma- or tab-separated text: a header that names the columns, then rows of as many cells.
///
/// A cell in double quotes may hold separators, line ends and, doubled, quotes; a quote inside a cell that does not
/// begin with one is itself. Spaces belong to their cell: in a completion they are tokens. Blank lines are passed over.
/// Lines end by LF, by CR LF, or, where the header does, by CR alone.
///
/// - Source: RFC 4180, section 2.
struct TableReader {
  /// Most columns: more means a wrong separator, or no table.
  private static let columnLimit = 10_000

  private let bytes: UnsafeRawBufferPointer
  private let separator: UInt8
  private let path: String
  /// The byte that ends a line.
  private let lineEnd: UInt8
  private var position = 0
  private var line = 1

  init(bytes: UnsafeRawBufferPointer, separator: UInt8, path: String) {
    self.bytes = bytes
    self.separator = separator
    self.path = path
    lineEnd = Self.endsInReturn(bytes) ? UInt8(ascii: "\r") : UInt8(ascii: "\n")
  }

  /// True where the first line that is not blank, line ends in quotes apart, ends by CR alone.
  private static func endsInReturn(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var isQuoted = false
    for (place, byte) in bytes.enumerated() {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      guard !isQuoted, byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else { continue }
      return byte == UInt8(ascii: "\r") && place + 1 < bytes.count && bytes[place + 1] != UInt8(ascii: "\n")
    }
    return false
  }

  mutating func forEachRecord(_ body: (DatasetRecord) throws(DatasetError) -> Void) throws(DatasetError) {
    try forEachRow { record, _ throws(DatasetError) in try body(record) }
  }

  /// Hands each record to `body`, and the place of its first byte.
  mutating func forEachRow(_ body: (DatasetRecord, Int) throws(DatasetError) -> Void) throws(DatasetError) {
    guard let header = try header() else { return }
    while let (cells, line, start) = try cells(limit: header.count + 1) {
      let row = try row(cells, header: header, line: line)
      try body(DatasetRecord(place: "\(path):\(line)", content: .cells(row)), start)
    }
  }

  /// Reads the header, which comes first; nil where the file is empty.
  mutating func header() throws(DatasetError) -> [String]? {
    guard let (cells, line, _) = try cells(limit: Self.columnLimit + 1) else { return nil }
    try check(cells, line: line)
    return cells
  }

  /// The row that begins at a place, which `forEachRow` has read before.
  mutating func row(at start: Int, header: [String]) throws(DatasetError) -> [String: String] {
    position = start
    let cells = try cells(limit: header.count + 1)?.cells ?? []
    return try row(cells, header: header, line: line)
  }

  private func row(_ cells: [String], header: [String], line: Int) throws(DatasetError) -> [String: String] {
    guard cells.count == header.count else {
      let found = cells.count > header.count ? "more" : "\(cells.count)"
      throw fault(
        "the header names \(header.count) columns, this row has \(found): put a cell that holds a separator or "
          + "a line end in quotes", line: line)
    }
    var row: [String: String] = [:]
    // A column without a name (pandas writes its index so) has no key to be read by.
    for (name, cell) in zip(header, cells) where !name.isEmpty { row[name] = cell }
    return row
  }

  private func check(_ header: [String], line: Int) throws(DatasetError) {
    guard header.count <= Self.columnLimit else {
      throw fault("the header has more than \(Self.columnLimit) columns: is this a table?", line: line)
    }
    var known: Set<String> = []
    for name in header where !name.isEmpty {
      guard known.insert(name).inserted else {
        throw fault("the header names the column \"\(excerpt(name))\" twice: rename one", line: line)
      }
    }
  }

  private func fault(_ message: String, line: Int) -> DatasetError {
    DatasetError(place: "\(path):\(line)", message: message)
  }

  // MARK: - Cells

  /// The next row's cells, its first line and the place of its first byte; nil at the end of the file.
  /// - Parameter limit: most cells that are kept; further ones are read and dropped.
  private mutating func cells(limit: Int) throws(DatasetError) -> (cells: [String], line: Int, start: Int)? {
    while isAtLineEnd, position < bytes.count { passLineEnd() }
    guard position < bytes.count else { return nil }
    let first = line
    let start = position
    var cells: [String] = []
    while true {
      let cell = bytes[position...].first == UInt8(ascii: "\"") ? try quoted() : try plain()
      if cells.count < limit { cells.append(cell) }
      guard position - start <= FileLines.byteLimit else { throw fault(FileLines.tooLong("the row"), line: first) }
      guard position < bytes.count, bytes[position] == separator else { break }
      position += 1
    }
    passLineEnd()
    return (cells, first, start)
  }

  /// True where a line, or the file, ends here.
  private var isAtLineEnd: Bool {
    guard position < bytes.count else { return true }
    if bytes[position] == lineEnd { return true }
    return bytes[position] == UInt8(ascii: "\r")
      && (position + 1 == bytes.count || bytes[position + 1] == UInt8(ascii: "\n"))
  }

  private mutating func passLineEnd() {
    if position < bytes.count, bytes[position] == UInt8(ascii: "\r") { position += 1 }
    if position < bytes.count, bytes[position] == UInt8(ascii: "\n") { position += 1 }
    line += 1
  }

  private mutating func plain() throws(DatasetError) -> String {
    let start = position
    while position < bytes.count, bytes[position] != separator, !isAtLineEnd {
      position += 1
      guard position - start <= FileLines.byteLimit else { throw fault(FileLines.tooLong("the cell"), line: line) }
    }
    return try text(bytes[start..<position], line: line)
  }

  private mutating func quoted() throws(DatasetError) -> String {
    let first = line
    position += 1
    // The cell's text up to the last doubled quote, with one quote for each two.
    var kept: [UInt8] = []
    let start = position
    while let end = bytes[position...].prefix(FileLines.byteLimit + 1).firstIndex(of: UInt8(ascii: "\"")) {
      guard end - start <= FileLines.byteLimit else { throw fault(FileLines.tooLong("the cell"), line: first) }
      let part = bytes[position..<end]
      line += part.count { $0 == lineEnd }
      position = end + 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
        kept += part
        kept.append(UInt8(ascii: "\""))
        position += 1
        continue
      }
      guard isAtLineEnd || bytes[position] == separator else {
        throw fault(
          "text follows the quote that ends a cell: double each quote inside a quoted cell, as in \"a \"\"b\"\" c\"",
          line: line)
      }
      return kept.isEmpty ? try text(part, line: first) : try text((kept + part)[...], line: first)
    }
    guard bytes.count - position <= FileLines.byteLimit else {
      throw fault(FileLines.tooLong("the quoted cell that begins here"), line: first)
    }
    throw fault("the quoted cell that begins here has no end: close the quote; is the file cut short?", line: first)
  }

  private func text(_ bytes: some Sequence<UInt8>, line: Int) throws(DatasetError) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    throw fault(Array(bytes).withUnsafeBytes { ForeignEncoding($0, in: "cell").message }, line: line)
  }
}
