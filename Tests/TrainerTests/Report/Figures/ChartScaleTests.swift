import Testing

import Trainer

@Suite("Scales of charts")
struct ChartScaleTests {
  @Test("a linear scale leads its ends to the drawing's, upwards too")
  func linear() {
    let scale = ChartScale(2...4, from: 100, to: 20)
    #expect(scale(2) == 100)
    #expect(scale(4) == 20)
    #expect(scale(3) == 60)
  }

  @Test("marks are round numbers within the domain")
  func ticks() {
    #expect(ChartScale(0...1200, from: 0, to: 1).ticks(6) == [0, 200, 400, 600, 800, 1000, 1200])
    let rounded = ChartScale(0.11...5.55, from: 0, to: 1).rounded(marks: 4)
    #expect(rounded.domain == 0...6)
    #expect(rounded.ticks(4) == [0, 2, 4, 6])
  }

  @Test("a logarithmic scale marks powers of ten, and falls back to a linear one where it meets 0")
  func logarithmic() {
    let scale = ChartScale(0.4...160, from: 0, to: 100, isLogarithmic: true).rounded(marks: 3)
    #expect(scale.isLogarithmic)
    #expect(scale.ticks(3).map { ($0 * 100).rounded() / 100 } == [1, 10, 100])
    #expect(scale.domain.lowerBound <= 0.4 && scale.domain.upperBound >= 160)
    #expect(!ChartScale(0...10, from: 0, to: 1, isLogarithmic: true).isLogarithmic)
  }

  @Test("a single value has room around it", arguments: [0.0, 3.5, -2])
  func singleValue(value: Double) {
    let scale = ChartScale(value...value, from: 0, to: 100).rounded(marks: 4)
    #expect((0...100).contains(scale(value)))
    #expect(!scale.ticks(4).isEmpty)
  }

  @Test("what is not finite does not count")
  func range() {
    #expect(ChartScale.range(of: [.nan, 2, .infinity, -1]) == -1...2)
    #expect(ChartScale.range(of: [Double.nan]) == nil)
  }
}
