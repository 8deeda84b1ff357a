import Foundation

/// Reduction of a long curve to the points that a drawing can show.
package enum Thinning {
  /// Points of a curve to draw where each column of pixels is one unit wide: of each column the first, the lowest,
  /// the highest and the last, in the order of the curve, so that no spike is lost.
  ///
  /// - Parameters:
  ///   - points: positions in the drawing, from left to right; NaN in `y` interrupts the curve.
  /// - Returns: the unbroken pieces, each of at least one point.
  package static func pieces(_ points: some Sequence<(x: Double, y: Double)>) -> [[(x: Double, y: Double)]] {
    var pieces: [[(x: Double, y: Double)]] = []
    var piece: [(x: Double, y: Double)] = []
    var column = Column()

    func endColumn() {
      piece += column.kept
      column = Column()
    }
    func endPiece() {
      endColumn()
      if !piece.isEmpty { pieces.append(piece) }
      piece = []
    }

    for point in points {
      guard point.y.isFinite else {
        endPiece()
        continue
      }
      if let place = column.place, place != point.x.rounded(.down) { endColumn() }
      column.add(point)
    }
    endPiece()
    return pieces
  }

  /// Mean around each value, weighted by exponentials to both sides so that it does not lag; NaN where a value is
  /// missing.
  ///
  /// - Parameter halfLife: distance in steps at which a value counts half.
  package static func smoothed(_ values: [Double], halfLife: Double) -> [Double] {
    let decay = exp2(-1 / max(halfLife, 1e-3))
    let before = sums(values, decay: decay)
    let after = sums(values.reversed(), decay: decay)
    return values.indices.map { index in
      guard values[index].isFinite else { return .nan }
      // Both sums hold the value itself.
      let (left, right) = (before[index], after[values.count - 1 - index])
      return (left.sum + right.sum - values[index]) / (left.weight + right.weight - 1)
    }
  }

  /// Weighted sums of each value and all before it, and the sums of the weights.
  private static func sums(_ values: [Double], decay: Double) -> [(sum: Double, weight: Double)] {
    var (sum, weight) = (0.0, 0.0)
    return values.map { value in
      (sum, weight) = (decay * sum, decay * weight)
      if value.isFinite { (sum, weight) = (sum + value, weight + 1) }
      return (sum, weight)
    }
  }

  /// Points that are kept of one column of pixels.
  private struct Column {
    private(set) var place: Double?
    private var count = 0
    private var first: (index: Int, point: (x: Double, y: Double))?
    private var lowest: (index: Int, point: (x: Double, y: Double))?
    private var highest: (index: Int, point: (x: Double, y: Double))?
    private var last: (index: Int, point: (x: Double, y: Double))?

    mutating func add(_ point: (x: Double, y: Double)) {
      let entry = (index: count, point: point)
      count += 1
      place = point.x.rounded(.down)
      if first == nil { first = entry }
      if lowest.map({ point.y < $0.point.y }) ?? true { lowest = entry }
      if highest.map({ point.y > $0.point.y }) ?? true { highest = entry }
      last = entry
    }

    var kept: [(x: Double, y: Double)] {
      var kept: [(x: Double, y: Double)] = []
      var previous = -1
      for entry in [first, lowest, highest, last].compactMap({ $0 }).sorted(by: { $0.index < $1.index })
      where entry.index != previous {
        kept.append(entry.point)
        previous = entry.index
      }
      return kept
    }
  }
}
