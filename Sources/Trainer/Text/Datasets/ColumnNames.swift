/// Columns of a file that stand for a row's keys (`columns` of a round).
///
/// Naming one key fixes the rows' shape: a column named like a key of another shape is then no key.
package struct ColumnNames: Sendable, Equatable {
  /// A wrong choice of names, in words; the recipe's decoder adds the place.
  package struct Fault: Error, Equatable {
    package let message: String
  }

  /// The keys of each shape whose names can be chosen.
  private static let shapes = [
    ["text"], ["prompt", "completion", "response", "system", "history", "tools"],
    ["instruction", "input", "output", "system", "history"], ["messages", "tools", "system"],
    ["conversations", "tools", "system"],
  ]

  /// Keys of several shapes, which therefore name none.
  private static let common: Set = ["tools", "system", "history"]
  /// Keys that a row may leave out.
  private static let optional = common.union(["input"])

  /// Every key that a column can stand for.
  package static let keys = shapes.flatMap { $0 }.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }

  /// Columns as the file names them.
  package static let none = ColumnNames()

  /// The file's column for each key that has one, in the order of `keys`.
  package let pairs: [(key: String, column: String)]
  /// Keys of the rows' shape; empty where no key is named, and each row has its own shape.
  private let shape: [String]

  private init() {
    pairs = []
    shape = []
  }

  /// - Parameter columns: the file's column for each key named, one of `keys`.
  package init(_ columns: [String: String]) throws(Fault) {
    pairs = Self.keys.compactMap { key in columns[key].map { (key, $0) } }
    // Keys of several shapes leave each row its own.
    shape =
      Self.shapes.first { $0.contains { columns[$0] != nil && !Self.common.contains($0) } }
      ?? (columns.isEmpty ? [] : Self.keys)
    if let stranger = pairs.first(where: { !shape.contains($0.key) }), let first = pairs.first {
      throw Fault(message: "names \(first.key) and \(stranger.key), but no row has both: keep the keys of one shape")
    }
    if columns["completion"] != nil, columns["response"] != nil {
      throw Fault(message: "names completion and response, which mean the same: keep one")
    }
  }

  package static func == (a: ColumnNames, b: ColumnNames) -> Bool { a.pairs.elementsEqual(b.pairs, by: ==) }

  package var isEmpty: Bool { pairs.isEmpty }

  /// The row under the shape's keys; unchanged where nothing is renamed.
  func renamed(_ object: [String: Any]) -> [String: Any] {
    guard !isEmpty else { return object }
    var row: [String: Any] = [:]
    for key in shape where !isReplaced(key) { row[key] = object[key] }
    for (key, column) in pairs { row[key] = object[column] }
    return row
  }

  /// Columns that stand for no key, under the file's names; empty where nothing is renamed.
  func rest(of object: [String: Any]) -> [String: Any] {
    guard !isEmpty else { return [:] }
    let taken = Set(pairs.map(\.column)).union(shape.filter { !isReplaced($0) })
    return object.filter { !taken.contains($0.key) }
  }

  /// True where `columns` decides about this key: it names a column for the key or its twin, or gives the column of
  /// this name to another key.
  private func isReplaced(_ key: String) -> Bool {
    let twin = ["completion": "response", "response": "completion"][key]
    return pairs.contains { $0.key == key || $0.key == twin || $0.column == key }
  }

  /// Error message about the first named column that a row lacks; nil where it has them all.
  func absence(in object: [String: Any]) -> String? {
    pairs.first { !Self.optional.contains($0.key) && object[$0.column] == nil }.map {
      "has no column \"\(excerpt($0.column))\", which the recipe's columns name for \($0.key); "
        + "its columns are [\(listed(object.keys))]"
    }
  }
}
