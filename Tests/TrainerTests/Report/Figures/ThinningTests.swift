import Testing

import Trainer

@Suite("Thinning of curves")
struct ThinningTests {
  @Test("of 100,000 points, at most four a column are kept, and every spike")
  func keepsExtremes() {
    var values = (0..<100_000).map { Double($0 * 7919 % 101) }
    values[31_415] = 1e6
    values[92_653] = -1e6
    let width = 500.0
    let points = values.enumerated().map { (x: Double($0) * width / 100_000, y: $1) }
    let pieces = Thinning.pieces(points)
    #expect(pieces.count == 1)
    #expect(pieces[0].count <= 4 * Int(width))
    #expect(pieces[0].contains { $0.y == 1e6 })
    #expect(pieces[0].contains { $0.y == -1e6 })
    #expect(pieces[0].first?.x == points.first?.x && pieces[0].last?.x == points.last?.x)
    #expect(zip(pieces[0], pieces[0].dropFirst()).allSatisfy { $0.x < $1.x })
  }

  @Test("a missing value interrupts the curve, also within a column")
  func gaps() {
    let points: [(x: Double, y: Double)] = [(0.1, 1), (0.2, .nan), (0.3, 2), (1.5, 3), (1.6, .nan)]
    let pieces = Thinning.pieces(points)
    #expect(pieces.map { $0.map(\.y) } == [[1], [2, 3]])
    #expect(Thinning.pieces([(x: 0.0, y: Double.nan)]).isEmpty)
  }

  @Test("points that are few stay as they are")
  func few() {
    let points = (0..<10).map { (x: Double($0) * 5, y: Double($0 % 3)) }
    #expect(Thinning.pieces(points)[0].map(\.y) == points.map(\.y))
  }

  @Test("a running mean keeps a constant, does not lag, and passes over missing values")
  func smoothed() {
    #expect(Thinning.smoothed([2, 2, 2, 2], halfLife: 1).allSatisfy { abs($0 - 2) < 1e-12 })
    let step = Thinning.smoothed([0, 0, 0, 1, 1, 1], halfLife: 1)
    #expect(abs(step[2] + step[3] - 1) < 1e-12)
    // 1/2 from the left, 1 itself, 1/2 of the neighbour to the right: (0.5·0 + 1·3 + 0.25·6) / (0.5 + 1 + 0.25).
    let gap = Thinning.smoothed([0, 3, .nan, 6], halfLife: 1)
    #expect(gap[2].isNaN)
    #expect(abs(gap[1] - 4.5 / 1.75) < 1e-12)
  }
}
