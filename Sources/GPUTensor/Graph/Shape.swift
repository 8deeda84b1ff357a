/// How an element is stored.
package enum DType: String, Sendable {
  case float32
  /// The upper half of a float32, rounded to nearest even: storage, never arithmetic.
  case bfloat16
  case int32

  /// Bytes of one element.
  package var byteCount: Int { self == .bfloat16 ? 2 : 4 }
}

/// Row-major dimensions. A plan holds for a capacity of rows; `scalesWithRows` says that the leading dimension is the
/// number of rows, so that a replay with fewer rows touches only those.
package struct Shape: Sendable, Equatable, CustomStringConvertible {
  /// The dimensions at capacity.
  package let dimensions: [Int]
  package let scalesWithRows: Bool

  package init(_ dimensions: [Int], scalesWithRows: Bool = false) {
    precondition(dimensions.allSatisfy { $0 > 0 }, "a dimension of \(dimensions) is not positive")
    self.dimensions = dimensions
    self.scalesWithRows = scalesWithRows
  }

  /// Elements at capacity.
  package var count: Int { dimensions.reduce(1, *) }

  /// The leading dimension when `rows` rows are in use.
  package func leading(rows: Int) -> Int { scalesWithRows ? rows : dimensions[0] }

  /// Elements when `rows` rows are in use.
  package func count(rows: Int) -> Int { leading(rows: rows) * dimensions.dropFirst().reduce(1, *) }

  /// The last dimension: the columns of a matrix.
  package var columns: Int { dimensions[dimensions.count - 1] }

  /// The same leading dimension with other columns.
  package func withColumns(_ columns: Int) -> Shape {
    Shape(Array(dimensions.dropLast()) + [columns], scalesWithRows: scalesWithRows)
  }

  package var description: String {
    "[" + dimensions.enumerated().map { $0 == 0 && scalesWithRows ? "≤\($1)" : "\($1)" }.joined(separator: ", ") + "]"
  }
}
