import GPUTensor
import TestSupport
import Testing

@Suite("Muon")
struct MuonTests {
  /// The image of a singular value under five Newton–Schulz iterations.
  private func polynomial(_ x: Double) -> Double {
    let (a, b, c) = (Double(Float(3.4445)), Double(Float(-4.7750)), Double(Float(2.0315)))
    var x = x
    for _ in 0..<5 {
      let square = x * x
      x = x * (a + square * (b + square * c))
    }
    return x
  }

  private func orthogonal(_ values: [Float], rows: Int, columns: Int) throws -> [Double] {
    let test = TestGraph()
    let x = test.parameter(Shape([rows, columns]), values).orthogonalized()
    return try test.run(x)[0]
  }

  @Test("a diagonal matrix goes to what the polynomial makes of its shares of the norm; by hand")
  func byHand() throws {
    let found = try orthogonal([3, 0, 0, -4], rows: 2, columns: 2)
    #expect(largestDifference(found, [polynomial(0.6), 0, 0, -polynomial(0.8)]) < 1e-6, "\(found)")
    #expect(abs(polynomial(0.6)) > 0.6 && abs(polynomial(0.6)) < 1.2)
  }

  @Test("a matrix and its transpose go to the same: rows or columns are nearly orthonormal")
  func transposed() throws {
    let (rows, columns) = (5, 12)
    var generator = SeededGenerator(seed: 3)
    let values = (0..<rows * columns).map { _ in Float.random(in: -1...1, using: &generator) }
    let wide = try orthogonal(values, rows: rows, columns: columns)
    let turned = (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } }
    let tall = try orthogonal(turned, rows: columns, columns: rows)
    let back = (0..<rows).flatMap { row in (0..<columns).map { tall[$0 * rows + row] } }
    #expect(largestDifference(wide, back) < 1e-12)
    for row in 0..<rows {
      let square = (0..<columns).reduce(0) { $0 + wide[row * columns + $1] * wide[row * columns + $1] }
      #expect(square > 0.4 && square < 1.4, "\(square)")
    }
  }

  @Test(
    "decay, then 0.2 · √4 of the orthogonal momentum; a norm that is not finite moves nothing",
    arguments: ExecutorChoice.all)
  func update(_ choice: ExecutorChoice) throws {
    for (second, moves) in [(Float(0), true), (.nan, false)] {
      let test = TestGraph()
      let shape = Shape([1, 4])
      let p = test.parameter(shape, [1, 1, 1, 1])
      let m = test.parameter(shape, [0, 0, 0, 0])
      let g = test.parameter(shape, [2, second, 0, 0])
      test.graph.muon(
        parameter: p, momentum: m, gradient: g, norm: test.graph.globalNorm([g]),
        settings: MuonSettings(weightDecay: 0.5, maxGradNorm: 0))
      var scalars = ReplayScalars()
      scalars.learningRate = 0.1
      let values = try test.run(p, m, on: try choice.make(), scalars: scalars)
      guard moves else {
        #expect(values == [[1, 1, 1, 1], [0, 0, 0, 0]])
        continue
      }
      let one = polynomial(1)
      #expect(largestDifference(values[0], [0.95 - 0.1 * 0.4 * one, 0.95, 0.95, 0.95]) < 1e-5, "\(values[0])")
      #expect(values[1] == [2, 0, 0, 0])
    }
  }
}
