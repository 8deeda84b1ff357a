/// Rows of a replay, and how many of them have a target.
package struct RowCounts: Sendable, Equatable {
  package let rows: Int
  package let targets: Int

  package init(rows: Int, targets: Int) {
    self.rows = rows
    self.targets = targets
  }
}

/// Row-major dimensions. A plan holds for a capacity of rows; `extent` is the meaning of the leading dimension, so that
/// a replay with fewer rows touches only those.
package struct Shape: Sendable, Equatable, CustomStringConvertible {
  /// The meaning of the leading dimension in a replay.
  package enum Extent: Sendable {
    /// A constant.
    case fixed
    /// The replay's rows.
    case rows
    /// The replay's rows that have a target.
    case targets
  }

  /// The dimensions at capacity.
  package let dimensions: [Int]
  package let extent: Extent

  package init(_ dimensions: [Int], extent: Extent = .fixed) {
    precondition(dimensions.allSatisfy { $0 > 0 }, "a dimension of \(dimensions) is not positive")
    self.dimensions = dimensions
    self.extent = extent
  }

  package init(_ dimensions: [Int], scalesWithRows: Bool) {
    self.init(dimensions, extent: scalesWithRows ? .rows : .fixed)
  }

  /// Elements at capacity.
  package var count: Int { dimensions.reduce(1, *) }

  /// The leading dimension in a replay.
  package func leading(_ counts: RowCounts) -> Int {
    switch extent {
    case .fixed: dimensions[0]
    case .rows: counts.rows
    case .targets: counts.targets
    }
  }

  /// Elements in a replay.
  package func count(_ counts: RowCounts) -> Int { leading(counts) * dimensions.dropFirst().reduce(1, *) }

  /// The last dimension: the columns of a matrix.
  package var columns: Int { dimensions[dimensions.count - 1] }

  /// The same leading dimension with other columns.
  package func withColumns(_ columns: Int) -> Shape {
    Shape(Array(dimensions.dropLast()) + [columns], extent: extent)
  }

  package var description: String {
    "[" + dimensions.enumerated().map { $0 == 0 && extent != .fixed ? "≤\($1)" : "\($1)" }.joined(separator: ", ") + "]"
  }
}
