import ArgumentParser
import Foundation
import GPUTensor
import Trainer

/// Log-probabilities of a text's tokens.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Print the log-probability of each token.")

  @OptionGroup var model: ModelOptions

  @Option(help: "Token ids, used as they are: 1,2,3.")
  var ids: String?

  @Option(help: "A text; it gets the special tokens that the tokenizer adds by itself.")
  var text: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard (ids == nil) != (text == nil) else { throw ValidationError("give one of --ids and --text") }
  }

  private struct Scores: Encodable {
    let ids: [Int32]
    let tokenLogprobs: [Double]
    let loss: Double
    let perplexity: Double
  }

  func run() throws {
    let source = try model.open()
    let tokens: [Int32]
    if let ids {
      tokens = try TokenInput.ids(ids, vocabularySize: source.configuration.vocabSize)
    } else {
      let tokenizer = try TokenInput.require(try loadTokenizer(of: source), option: "--text")
      tokens = tokenizer.encodeWithSpecialTokens(text ?? "")
    }
    try TokenInput.check(tokens, source.configuration, limit: source.configuration.maxPositionEmbeddings)
    guard tokens.count > 1 else {
      throw Failure.BadInput(description: "a score needs two tokens at least, there is \(tokens.count); give more text")
    }
    let executor = try device.makeExecutor()
    let loaded = try LoadedModel(source, executor: executor, contextLength: tokens.count)
    let evaluator = LossEvaluator(
      weights: loaded.weights, ropeTable: loaded.ropeTable, executor: executor, rowCapacity: tokens.count)
    try executor.prepare([evaluator.plan])
    let losses = try evaluator.rowLosses([Sample(ids: tokens, labels: tokens)])[0].dropLast().map(Double.init)
    let mean = losses.reduce(0, +) / Double(losses.count)
    let scores = Scores(ids: tokens, tokenLogprobs: losses.map { -$0 }, loss: mean, perplexity: exp(mean))
    if json { return try Console.result(json: scores) }
    Console.result("loss \(mean) nats a token, perplexity \(scores.perplexity), \(losses.count) tokens")
  }
}
