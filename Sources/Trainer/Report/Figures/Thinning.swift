import Foundation

/// A long curve cut down to what a drawing can show.
enum Thinning {
  /// The points of a curve to draw where each column of pixels is one unit wide: of each column the first, the lowest,
  /// the highest and the last, in the order of the curve, so that no spike is lost.
  ///
  /// - Parameters:
  ///   - points: places in the drawing, from left to right; NaN in `y` interrupts the curve.
  /// - Returns: the unbroken pieces, each of at least one point.
  static func pieces(_ points: some Sequence<(x: Double, y: Double)>) -> [[(x: Double, y: Double)]] {
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

  /// The exponentially weighted mean of each value and those before it, without the bias of a start from 0; NaN where a
  /// value is missing.
  ///
  /// - Parameter halfLife: after so many steps, a value counts half.
  static func smoothed(_ values: some Sequence<Double>, halfLife: Double) -> [Double] {
    let decay = exp2(-1 / max(halfLife, 1e-3))
    var sum = 0.0
    var weight = 0.0
    return values.map { value in
      guard value.isFinite else { return .nan }
      sum = decay * sum + value
      weight = decay * weight + 1
      return sum / weight
    }
  }

  /// What is kept of the points in one column of pixels.
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
