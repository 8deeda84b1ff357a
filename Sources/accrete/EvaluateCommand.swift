import ArgumentParser
import Foundation
import GPUTensor
import Trainer

/// Loss on the supervised tokens of a file.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure the loss on a dataset's supervised tokens.")

  @OptionGroup var model: ModelOptions

  @Option(help: "Rows in any of the shapes that training takes.")
  var data: String

  @Option(help: "Longer rows are cut; at most the model's positions.")
  var sequenceLength = 2048

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard sequenceLength >= 2 else { throw ValidationError("--sequence-length must be at least 2") }
  }

  private struct Result: Encodable {
    let loss: Double
    let perplexity: Double
    let tokens: Int
    let metrics: [String: Double]
  }

  func run() throws {
    let source = try model.open()
    let configuration = source.configuration
    let length = min(sequenceLength, configuration.maxPositionEmbeddings)
    let url = URL(fileURLWithPath: data)
    let dataset = try Dataset.load(
      name: url.lastPathComponent, url: url, tokenizer: try loadTokenizer(of: source),
      vocabularySize: configuration.vocabSize, sequenceLength: length)
    if dataset.statistics.cut > 0 {
      Console.note("\(dataset.statistics.cut) rows were cut to \(length) tokens")
    }
    let executor = try device.makeExecutor()
    let loaded = try LoadedModel(source, executor: executor, contextLength: length)
    let longest = dataset.samples.map(\.length).max() ?? 1
    let evaluator = LossEvaluator(
      weights: loaded.weights, ropeTable: loaded.ropeTable, executor: executor, rowCapacity: max(longest, 1024))
    try executor.prepare([evaluator.plan])
    let (loss, tokens) = try evaluator.meanLoss(dataset.samples)
    if json {
      return try Console.result(json: Result(loss: loss, perplexity: exp(loss), tokens: tokens, metrics: [:]))
    }
    Console.result("loss \(loss) nats a token, perplexity \(exp(loss)), \(tokens) supervised tokens")
  }
}
