import Foundation
import TestSupport
import Testing

import Trainer

/// Tests/Goldens/metrics/expected.json, which generate_metrics.py writes with the reference packages.
private struct MetricGolden: Decodable {
  let references: [String]
  let completions: [String]
  let scores: [String: Double]
  let prefixBleu: [Double]
  let prefixChrf: [Double]
  let expectedLabels: [String]
  let chosenLabels: [String]
  let labelScores: [String: Double]

  static func load() throws -> MetricGolden {
    try LlamaGolden.decode(MetricGolden.self, from: TestData.golden("metrics/expected.json"))
  }

  var pairs: [TextPair] { zip(completions, references).map(TextPair.init) }

  var labelPairs: [TextPair] { zip(chosenLabels, expectedLabels).map(TextPair.init) }
}

@Suite("Metrics of answers")
struct MetricTests {
  private static func score(_ metric: some TextMetric, _ pairs: [TextPair]) -> MetricScore {
    MetricScore(metric, over: pairs)
  }

  @Test("200 answers score what sacreBLEU, SQuAD's script and rouge_score give")
  func packages() throws {
    let golden = try MetricGolden.load()
    #expect(golden.pairs.count == 200)
    let metrics: [any TextMetric] = [BLEU(), CharacterF(), ExactMatch(), TokenF1(), RougeL()]
    for metric in metrics {
      let expected = try #require(golden.scores[metric.name])
      #expect(abs(Self.score(metric, golden.pairs).value - expected) < 1e-6, "\(metric.name)")
    }
  }

  @Test("corpora of 1 to 20 texts too, where runs of words are missing")
  func small() throws {
    let golden = try MetricGolden.load()
    for (number, (bleu, chrf)) in zip(golden.prefixBleu, golden.prefixChrf).enumerated() {
      let pairs = Array(golden.pairs[...number])
      #expect(abs(Self.score(BLEU(), pairs).value - bleu) < 1e-6, "the first \(number + 1)")
      #expect(abs(Self.score(CharacterF(), pairs).value - chrf) < 1e-6, "the first \(number + 1)")
    }
  }

  @Test("labels score what scikit-learn gives")
  func labels() throws {
    let golden = try MetricGolden.load()
    let metrics: [any TextMetric] = [Accuracy(), MacroF1(labels: ["negative", "neutral", "positive"])]
    for metric in metrics {
      let expected = try #require(golden.labelScores[metric.name])
      #expect(abs(Self.score(metric, golden.labelPairs).value - expected) < 1e-9, "\(metric.name)")
    }
  }

  @Test("entities are found by text and kind, as often as they stand; none is none")
  func entities() {
    func score(_ completion: String, _ reference: String) -> Double {
      Self.score(EntityF1(), [TextPair(completion: completion, reference: reference)]).value
    }
    #expect(score("Shaq (person);  Subaru  (product)", "Subaru (product); Shaq (person)") == 1)
    #expect(score("Shaq (person)", "Shaq (person); Shaq (person)") == 2.0 / 3)
    #expect(score("Shaq (product)", "Shaq (person)") == 0)
    #expect(score("none", "none") == 0)
    let pairs = [TextPair(completion: "none", reference: "none"), TextPair(completion: "A", reference: "A")]
    #expect(Self.score(EntityF1(), pairs).value == 1)
  }

  @Test("repetition lowers the share of distinct runs")
  func distinct() {
    let pair = TextPair(completion: "so so so it goes", reference: "")
    #expect(Distinct(order: 1).value(pair) == 3.0 / 5)
    #expect(Distinct(order: 2).value(pair) == 3.0 / 4)
    #expect(Distinct(order: 2).value(TextPair(completion: "so", reference: "")) == 0)
  }

  @Test("the standard error of a mean is the deviation over the root of n; of one text there is none")
  func standardErrors() throws {
    let golden = try MetricGolden.load()
    let values = golden.pairs.map(TokenF1().value)
    let mean = values.reduce(0, +) / 200
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 199
    let error = try #require(Self.score(TokenF1(), golden.pairs).standardError)
    #expect(abs(error - (variance / 200).squareRoot()) < 1e-9)
    #expect(Self.score(BLEU(), Array(golden.pairs.prefix(1))).standardError == nil)
    #expect(try #require(Self.score(BLEU(), golden.pairs).standardError) > 0)
  }
}
