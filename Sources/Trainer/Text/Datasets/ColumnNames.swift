/// Which column of a file stands for which key of a row (`columns` of a round).
///
/// To name one key is to settle the rows' shape: keys that belong to other shapes are then not looked at, whatever the
/// file calls so.
package struct ColumnNames: Sendable, Equatable {
  /// What is wrong with a choice of names; the recipe's decoder adds the place.
  package struct Fault: Error, Equatable {
    package let message: String
  }

  /// The keys of each shape whose names can be chosen.
  private static let shapes = [
    ["text"], ["prompt", "completion", "response"], ["instruction", "input", "output"], ["messages"],
    ["conversations"],
  ]

  /// Every key that a column can stand for.
  package static let keys = shapes.flatMap { $0 }

  /// Nothing is renamed.
  package static let none = ColumnNames()

  /// The file's column for each key that has one, in the order of `keys`.
  package let pairs: [(key: String, column: String)]
  /// The keys of the rows' shape; none where it is left to each row.
  private let shape: [String]

  private init() {
    pairs = []
    shape = []
  }

  /// - Parameter columns: the file's column by our key, one of `keys`.
  package init(_ columns: [String: String]) throws(Fault) {
    pairs = Self.keys.compactMap { key in columns[key].map { (key, $0) } }
    shape = Self.shapes.first { $0.contains { columns[$0] != nil } } ?? []
    if let stranger = pairs.first(where: { !shape.contains($0.key) }), let first = pairs.first {
      throw Fault(message: "names \(first.key) and \(stranger.key), but no row has both: keep the keys of one shape")
    }
    if columns["completion"] != nil, columns["response"] != nil {
      throw Fault(message: "names completion and response, which mean the same: keep one")
    }
  }

  package static func == (a: ColumnNames, b: ColumnNames) -> Bool { a.pairs.elementsEqual(b.pairs, by: ==) }

  package var isEmpty: Bool { pairs.isEmpty }

  /// The row under our keys; as it is where nothing is renamed.
  func renamed(_ object: [String: Any]) -> [String: Any] {
    guard !isEmpty else { return object }
    var row: [String: Any] = [:]
    for key in shape where !isReplaced(key) { row[key] = object[key] }
    for (key, column) in pairs { row[key] = object[column] }
    return row
  }

  /// What the file has beside the columns that stand for keys, under its own names.
  func rest(of object: [String: Any]) -> [String: Any] {
    guard !isEmpty else { return [:] }
    let taken = Set(pairs.map(\.column)).union(shape.filter { !isReplaced($0) })
    return object.filter { !taken.contains($0.key) }
  }

  /// Whether the file's own column of this name is not the key of this name: another column is, or it serves another.
  private func isReplaced(_ key: String) -> Bool {
    let twin = ["completion": "response", "response": "completion"][key]
    return pairs.contains { $0.key == key || $0.key == twin || $0.column == key }
  }

  /// What a row lacks that it cannot do without; nil where it has every column.
  func absence(in object: [String: Any]) -> String? {
    // An instruction's input is the one key that a row may leave out.
    pairs.first { $0.key != "input" && object[$0.column] == nil }.map {
      "has no column \"\(excerpt($0.column))\", which the recipe's columns name for \($0.key); "
        + "its columns are [\(listed(object.keys))]"
    }
  }
}
