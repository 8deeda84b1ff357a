import Foundation

/// Map from values to positions in a drawing, linear or logarithmic, and the round numbers to mark on it.
package struct ChartScale {
  package private(set) var domain: ClosedRange<Double>
  package let start: Double
  package let end: Double
  package let isLogarithmic: Bool

  /// - Parameters:
  ///   - domain: range of the values to show; widened where it is a single value.
  ///   - start: position of its lower end in the drawing.
  ///   - end: position of its upper end.
  ///   - isLogarithmic: true for a logarithmic scale; ignored unless all of `domain` is positive.
  package init(_ domain: ClosedRange<Double>, from start: Double, to end: Double, isLogarithmic: Bool = false) {
    self.start = start
    self.end = end
    self.isLogarithmic = isLogarithmic && domain.lowerBound > 0
    if domain.lowerBound < domain.upperBound {
      self.domain = domain
    } else {
      let margin = domain.lowerBound == 0 ? 1 : abs(domain.lowerBound) * 0.1
      self.domain = domain.lowerBound - margin...domain.upperBound + margin
    }
  }

  /// Range of the finite values; nil where there are none.
  package static func range(of values: some Sequence<Double>) -> ClosedRange<Double>? {
    var least = Double.infinity
    var largest = -Double.infinity
    for value in values where value.isFinite {
      least = min(least, value)
      largest = max(largest, value)
    }
    return least <= largest ? least...largest : nil
  }

  /// Position of a value.
  package func callAsFunction(_ value: Double) -> Double {
    let (low, high) = (domain.lowerBound, domain.upperBound)
    let share = isLogarithmic ? log(value / low) / log(high / low) : (value - low) / (high - low)
    return start + (end - start) * share
  }

  /// The same scale, its ends moved out to the next marks.
  package func rounded(marks: Int) -> ChartScale {
    var scale = self
    if isLogarithmic {
      let low = pow(10, floor(log10(domain.lowerBound) + 1e-9))
      let high = pow(10, ceil(log10(domain.upperBound) - 1e-9))
      // A whole decade more than the values fill would leave the drawing empty.
      let steps: [Double] = [5, 2]
      let start = steps.map { low * $0 }.first { $0 <= domain.lowerBound } ?? low
      let end = steps.map { high / $0 }.first { $0 >= domain.upperBound } ?? high
      scale.domain = start...end
    } else {
      let step = Self.step(domain.upperBound - domain.lowerBound, marks: marks)
      let low = floor(domain.lowerBound / step + 1e-9) * step
      scale.domain = low...max(ceil(domain.upperBound / step - 1e-9) * step, low + step)
    }
    return scale
  }

  /// About `marks` round values within the domain, the least first.
  package func ticks(_ marks: Int) -> [Double] {
    isLogarithmic ? logarithmicTicks(marks) : linearTicks(marks)
  }

  /// Digits after the point that tell neighbouring marks apart.
  package func tickDigits(_ marks: Int) -> Int {
    let step = Self.step(domain.upperBound - domain.lowerBound, marks: marks)
    return min(max(0, Int(ceil(-log10(step) - 1e-9))), 12)
  }

  private func linearTicks(_ marks: Int) -> [Double] {
    let step = Self.step(domain.upperBound - domain.lowerBound, marks: marks)
    let first = ceil(domain.lowerBound / step - 1e-9)
    let last = floor(domain.upperBound / step + 1e-9)
    guard first <= last, last - first < 100 else { return [] }
    return (0...Int(last - first)).map { (first + Double($0)) * step }
  }

  private func logarithmicTicks(_ marks: Int) -> [Double] {
    let low = Int(floor(log10(domain.lowerBound) + 1e-9))
    let high = Int(ceil(log10(domain.upperBound) - 1e-9))
    let factors: [Double] = high - low <= max(1, marks / 3) ? [1, 2, 5] : [1]
    let every = max(1, (high - low + 1) / (max(marks, 1) + 1))
    return (low...high).filter { ($0 - low) % every == 0 }
      .flatMap { power in factors.map { $0 * pow(10, Double(power)) } }
      .filter { $0 >= domain.lowerBound * 0.999 && $0 <= domain.upperBound * 1.001 }
  }

  /// 1, 2 or 5 times a power of ten, so that `span` holds about `marks` of it.
  private static func step(_ span: Double, marks: Int) -> Double {
    let rough = span / Double(max(marks, 1))
    guard rough.isFinite, rough > 0 else { return 1 }
    let power = pow(10, floor(log10(rough)))
    let factor = rough / power
    return power * (factor <= 1.001 ? 1 : factor <= 2.001 ? 2 : factor <= 5.001 ? 5 : 10)
  }
}
