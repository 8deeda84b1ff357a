import ArgumentParser
import Foundation
import GPUTensor
import Trainer

/// Prints log-probabilities of a text's tokens.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Print the log-probability of each token.")

  @OptionGroup var model: ModelOptions

  @Option(help: "Token ids, used as they are: 1,2,3.")
  var ids: String?

  @Option(help: "A text; it gets the special tokens that the tokenizer adds by itself.")
  var text: String?

  @OptionGroup var reverse: ReverseOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard (ids == nil) != (text == nil) else { throw ValidationError("give one of --ids and --text") }
    guard text != nil || !reverse.reverse else { throw ValidationError("--reverse needs --text") }
  }

  private struct Scores: Encodable {
    let ids: [Int32]
    /// ln p(ids[i + 1] | ids[0 … i]); nil for an unscored token, such as a marker.
    let tokenLogprobs: [Double?]
    let loss: Double
    let perplexity: Double
  }

  func run() throws {
    let source = try model.open()
    let sample = try sample(source)
    try TokenInput.check(sample.ids, source.configuration, limit: source.configuration.maxPositionEmbeddings)
    guard sample.targetCount > 0 else {
      throw Failure.BadInput(
        description: "a score needs two tokens at least, one to tell by the other, in \(sample.length); give more text")
    }
    let executor = try device.makeExecutor()
    let loaded = try LoadedModel(source, executor: executor, contextLength: sample.length)
    let evaluator = LossEvaluator(
      model: loaded.deviceModel, rope: loaded.rope, executor: executor, rowCapacity: sample.length)
    try executor.prepare([evaluator.plan])
    let losses = zip(try evaluator.rowLosses([sample])[0], sample.labels.dropFirst())
      .map { $1 == Sample.ignoredLabel ? nil : Double($0) }
    let mean = losses.reduce(0) { $0 + ($1 ?? 0) } / Double(sample.targetCount)
    let scores = Scores(
      ids: sample.ids, tokenLogprobs: losses.map { $0.map { -$0 } }, loss: mean, perplexity: exp(mean))
    if json { return try Console.result(json: scores) }
    try Console.result("loss \(mean) nats a token, perplexity \(scores.perplexity), \(sample.targetCount) tokens")
  }

  /// The sample to score, in the order in which the model reads it.
  private func sample(_ source: any ModelSource) throws -> Sample {
    if let ids {
      let tokens = try TokenInput.ids(ids, vocabularySize: source.configuration.vocabSize)
      return Sample(ids: tokens, labels: tokens)
    }
    let tokenizer = try TokenInput.require(try loadTokenizer(of: source), option: "--text")
    if reverse.reverse { return try reverse.text(tokenizer).sample(text ?? "") }
    let tokens = tokenizer.encodeWithSpecialTokens(text ?? "")
    return Sample(ids: tokens, labels: tokens)
  }
}
