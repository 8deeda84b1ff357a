import Foundation

/// A model's completion and the reference that it should equal.
package struct TextPair: Sendable, Equatable {
  package let completion: String
  package let reference: String

  package init(completion: String, reference: String) {
    self.completion = completion
    self.reference = reference
  }
}

/// A score of many texts, computed from sums over them, so that leaving one out needs no second count.
package protocol TextMetric: Sendable {
  /// The key under which the score is printed.
  var name: String { get }

  /// Terms that one text adds to the sums; as many numbers for every text.
  func counts(_ pair: TextPair) -> [Double]

  /// The score for sums over some texts; finite also where all sums are 0.
  func score(_ sums: [Double]) -> Double
}

/// A score that is the mean of one number a text.
package protocol MeanTextMetric: TextMetric {
  func value(_ pair: TextPair) -> Double
}

extension MeanTextMetric {
  package func counts(_ pair: TextPair) -> [Double] { [value(pair), 1] }

  package func score(_ sums: [Double]) -> Double { sums[1] == 0 ? 0 : sums[0] / sums[1] }
}

/// A metric's score over a set of texts.
package struct MetricScore: Sendable, Equatable {
  package let name: String
  package let value: Double
  /// Standard error by the jackknife, which leaves out one text at a time; for a mean the usual one. nil for a single
  /// text.
  ///
  /// - Source: Efron, Tibshirani: An Introduction to the Bootstrap (1993), equation 11.5.
  package let standardError: Double?

  /// Name of the perplexity, e to the mean loss: the metric of `generation` datasets.
  package static let perplexity = "perplexity"

  /// The perplexity of a mean loss in nats a token.
  package init(perplexityOf loss: Double) {
    name = Self.perplexity
    value = exp(loss)
    standardError = nil
  }

  /// Scores the pairs by a metric.
  ///
  /// - Parameter pairs: at least one.
  package init(_ metric: some TextMetric, over pairs: [TextPair]) {
    precondition(!pairs.isEmpty, "a score of no text")
    let counts = pairs.map(metric.counts)
    let sums = counts.reduce([Double](repeating: 0, count: counts[0].count)) { zip($0, $1).map(+) }
    name = metric.name
    value = metric.score(sums)
    guard pairs.count > 1 else {
      standardError = nil
      return
    }
    let without = counts.map { metric.score(zip(sums, $0).map(-)) }
    let number = Double(pairs.count)
    let mean = without.reduce(0, +) / number
    let squares = without.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    standardError = ((number - 1) / number * squares).squareRoot()
  }
}
