/// The values of a column, or of a part of one, in one batch.
final class ArrowColumn {
  /// Limits on what is still to be read of a row and of a file.
  struct Budget {
    var rowValues: Int
    var rowBytes: Int
    var fileBytes: Int

    /// True where a limit is passed.
    var isSpent: Bool { rowValues < 0 || rowBytes < 0 || fileBytes < 0 }
  }

  let name: String
  private let type: ArrowType
  let count: Int
  private let buffers: [PageBuffer]
  private let children: [ArrowColumn]
  /// The values that the integers of this column are indices of; nil: they stand for themselves.
  private let dictionary: ArrowColumn?
  /// Columns one within the other, this one counted.
  let depth: Int

  init(
    name: String, type: ArrowType, count: Int, buffers: [PageBuffer], children: [ArrowColumn], dictionary: ArrowColumn?
  ) {
    (self.name, self.type, self.count) = (name, type, count)
    (self.buffers, self.children, self.dictionary) = (buffers, children, dictionary)
    depth = 1 + (children + [dictionary].compactMap { $0 }).reduce(0) { max($0, $1.depth) }
  }

  private func fault(_ problem: String) -> ColumnFault { .damaged("the column \"\(excerpt(name))\" \(problem)") }

  /// Checks that the buffers hold a value for each index; offsets are checked where they are followed.
  func check() throws(ColumnFault) {
    // A dictionary may refer to the one before it, and so on.
    guard depth <= 2 * ArrowField.depthLimit else { throw fault("nests deeper than \(2 * ArrowField.depthLimit)") }
    let needed: [Int]
    switch type {
    case .null, .unread: return
    case .structure, .fixedList: needed = []
    case .boolean: needed = [(count + 7) / 8]
    case .integer(let bytes, _), .float(let bytes): needed = [count * bytes]
    case .text(let bytes), .list(let bytes): needed = count == 0 ? [] : [(count + 1) * bytes]
    case .map: needed = count == 0 ? [] : [(count + 1) * 4]
    }
    guard let validity = buffers.first?.bytes, validity.isEmpty || validity.count >= (count + 7) / 8 else {
      throw fault("says of too few values whether they are there")
    }
    for (buffer, size) in zip(buffers.dropFirst(), needed) where buffer.bytes.count < size {
      throw fault("has \(buffer.bytes.count) bytes where \(count) values need \(size)")
    }
  }

  /// True for a value that is absent.
  private func isNull(_ index: Int) -> Bool {
    guard let validity = buffers.first?.bytes, !validity.isEmpty else { return false }
    return validity[index >> 3] >> UInt8(index & 7) & 1 == 0
  }

  /// The value at an index below `count`.
  func value(_ index: Int, _ budget: inout Budget) throws(ColumnFault) -> JSON {
    budget.rowValues -= 1
    guard !budget.isSpent else { return .null }
    if case .null = type { return .null }
    if isNull(index) { return .null }
    switch type {
    case .null, .unread: return .null
    case .boolean: return .bool(buffers[1].bytes[index >> 3] >> UInt8(index & 7) & 1 == 1)
    case .integer(let bytes, let isSigned):
      let value = integer(index, bytes, isSigned: isSigned)
      guard let dictionary else { return JSON(value) }
      guard case .integer(let place) = value, (0..<dictionary.count).contains(place) else {
        throw fault("has an index outside its dictionary")
      }
      return try dictionary.value(place, &budget)
    case .float(let bytes): return .number(float(index, bytes))
    case .text(let bytes): return .string(try text(index, bytes, &budget))
    case .list(let bytes): return .array(try elements(try range(index, bytes, of: children[0].count), &budget))
    case .fixedList(let size): return .array(try elements(index * size..<(index + 1) * size, &budget))
    case .map: return try map(try range(index, 4, of: children[0].count), &budget)
    case .structure:
      var object = JSONObject()
      // Names differ: the schema was checked.
      for child in children { _ = object.insert(try child.value(index, &budget), for: child.name) }
      return .object(object)
    }
  }

  private func integer(_ index: Int, _ size: Int, isSigned: Bool) -> JSON.Content {
    func load<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
      Number(littleEndian: buffers[1].bytes.loadUnaligned(fromByteOffset: index * size, as: Number.self))
    }
    switch (size, isSigned) {
    case (1, true): return .integer(Int(load(Int8.self)))
    case (1, false): return .integer(Int(load(UInt8.self)))
    case (2, true): return .integer(Int(load(Int16.self)))
    case (2, false): return .integer(Int(load(UInt16.self)))
    case (4, true): return .integer(Int(load(Int32.self)))
    case (4, false): return .integer(Int(load(UInt32.self)))
    default: return .integer(bits: load(UInt64.self), isUnsigned: !isSigned)
    }
  }

  private func float(_ index: Int, _ size: Int) -> Double {
    let bytes = buffers[1].bytes
    switch size {
    case 2:
      return Double(Float16(bitPattern: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self).littleEndian))
    case 4:
      return Double(Float(bitPattern: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self).littleEndian))
    default: return Double(bitPattern: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self).littleEndian)
    }
  }

  /// The range between two neighbouring offsets, within `limit` values.
  private func range(_ index: Int, _ size: Int, of limit: Int) throws(ColumnFault) -> Range<Int> {
    let bytes = buffers[1].bytes
    func offset(_ index: Int) -> Int64 {
      size == 4
        ? Int64(bytes.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self).littleEndian)
        : bytes.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self).littleEndian
    }
    let (start, end) = (offset(index), offset(index + 1))
    guard start >= 0, start <= end, end <= limit else {
      throw fault("has a value from \(start) to \(end) of \(limit)")
    }
    return Int(start)..<Int(end)
  }

  private func text(_ index: Int, _ size: Int, _ budget: inout Budget) throws(ColumnFault) -> String {
    let data = buffers[2].bytes
    let bytes = data[try range(index, size, of: data.count)]
    budget.rowBytes -= bytes.count
    budget.fileBytes -= bytes.count
    guard !budget.isSpent else { return "" }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw fault("has a text that is not UTF-8") }
    return text
  }

  private func elements(_ range: Range<Int>, _ budget: inout Budget) throws(ColumnFault) -> [JSON] {
    var elements: [JSON] = []
    for index in range where !budget.isSpent { elements.append(try children[0].value(index, &budget)) }
    return elements
  }

  /// An object of a map's entries, whose keys must differ.
  private func map(_ range: Range<Int>, _ budget: inout Budget) throws(ColumnFault) -> JSON {
    let entry = children[0]
    var object = JSONObject()
    for index in range where !budget.isSpent {
      let key = try entry.children[0].value(index, &budget).string ?? ""
      guard object.insert(try entry.children[1].value(index, &budget), for: key) else {
        throw .unsupported("a map has the key \"\(excerpt(key))\" twice", remedy: "keep one of them")
      }
    }
    return .object(object)
  }
}
