import Foundation
import GPUTensor
import Kernels
import TestSupport
import Testing
import Trainer

/// stories260K/golden.json: a trained model's numbers in float64.
struct StoriesGolden: Decodable {
  struct Gradient: Decodable {
    /// llama2.c's name: emb, wq, wk, wv, wo, w1, w2, w3, an, fn, on.
    let tensor: String
    /// [layer, row, column]; norms [layer, i]; `emb` and `on` have no layer.
    let index: [Int]
    let grad: Double
  }

  let ids: [Int32]
  let nllPerToken: [Double]
  let meanNll: Double
  let lastArgmax: Int32
  /// The prompt [1], and 200 tokens after it.
  let greedyFromBosIds: [Int32]
  let gradientsOfMeanNll: [Gradient]

  static func load() throws -> StoriesGolden {
    try LlamaGolden.decode(StoriesGolden.self, from: TestData.url("models/stories260K/golden.json"))
  }
}

@Suite("A trained model in all its formats", .enabled(if: TestData.isPresent, "\(TestData.absence)"))
struct StoriesTests {
  struct Form: Sendable, CustomTestStringConvertible {
    let path: String
    var tokenizer: String?
    /// Allowed difference in nats; half precision rounds weights to 11 bits.
    var tolerance = 1e-4

    var testDescription: String { path }
  }

  static let forms = [
    Form(path: "stories260K-hf"), Form(path: "stories260K-gguf/stories260K-F32.gguf"),
    Form(path: "stories260K-gguf/stories260K-F16.gguf", tolerance: 1e-2),
    Form(path: "stories260K/stories260K.bin", tokenizer: "stories260K/tok512.bin"),
    Form(path: "stories260K/stories260K_v1.bin", tokenizer: "stories260K/tok512.bin"),
  ]

  private func open(_ form: Form, on choice: ExecutorChoice) throws -> LoadedModel {
    try LoadedModel.open(
      TestData.url("models/" + form.path), tokenizer: form.tokenizer.map { TestData.url("models/" + $0) }, on: choice)
  }

  @Test("each token's loss, and the likeliest next token", arguments: forms, TrainerExecutors.all)
  func losses(_ form: Form, _ choice: ExecutorChoice) throws {
    let golden = try StoriesGolden.load()
    let model = try open(form, on: choice)
    let found = try model.tokenLogProbabilities([golden.ids], rowCapacity: golden.ids.count)[0].map { -$0 }
    let difference = largestDifference(found, golden.nllPerToken)
    #expect(difference <= form.tolerance, "off by \(difference)")
    let mean = found.reduce(0, +) / Double(found.count)
    #expect(abs(mean - golden.meanNll) <= form.tolerance)
    #expect(try model.greedy(golden.ids, count: 1) == [golden.lastArgmax])
  }

  @Test("200 greedy tokens, exactly", arguments: forms, TrainerExecutors.all)
  func greedy(_ form: Form, _ choice: ExecutorChoice) throws {
    let golden = try StoriesGolden.load()
    // The closest two tokens are 0.0042 nats apart, at the 185th.
    let new = try open(form, on: choice).greedy([1], count: 200)
    #expect(new == Array(golden.greedyFromBosIds.dropFirst()))
  }

  @Test("what the tokenizers of all forms make of a text is what the golden has", arguments: forms)
  func text(_ form: Form) throws {
    let golden = try StoriesGolden.load()
    guard form.path != "stories260K-hf" else { return }
    let model = try open(form, on: .fallback)
    let tokenizer = try #require(model.tokenizer)
    let text = tokenizer.decode(golden.ids, skipSpecial: true)
    #expect(tokenizer.encodeWithSpecialTokens(text) == golden.ids)
  }
}
