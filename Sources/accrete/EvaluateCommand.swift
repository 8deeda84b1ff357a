import ArgumentParser
import Foundation
import GPUTensor
import Trainer

/// Measures the loss on a file's supervised tokens, and the scores of its task.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure the loss on a dataset's supervised tokens, and how well its task is done.")

  @OptionGroup var model: ModelOptions

  @Option(help: "Rows in any of the shapes that training takes: a file, a folder or a pattern.")
  var data: String

  @Option(help: "Columns that stand for a row's keys: prompt=question,completion=answer.")
  var columns: ColumnNames?

  @Option(help: "Longer rows are cut; at most the model's positions.")
  var sequenceLength = 2048

  @Option(
    help: "Form of prompts and completions: auto as the model was taught, or by its chat template; none as they stand.")
  var template = RowSettings.Template.auto

  @Option(help: "Score the answers too: \(TaskFamily.allCases.map(\.rawValue).joined(separator: ", ")).")
  var task: TaskFamily?

  @Option(help: "The most tokens of a written answer.")
  var maxTokens = 128

  @Option(help: "Answers that are written at once.")
  var batchSize = 16

  @Option(help: "Take only the first rows.")
  var limit: Int?

  @Option(help: "Write prompt, reference and completion of each row to this JSON lines file.")
  var samples: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard sequenceLength >= 2 else { throw ValidationError("--sequence-length must be at least 2") }
    guard maxTokens >= 1 else { throw ValidationError("--max-tokens must be at least 1") }
    guard (1...1024).contains(batchSize) else { throw ValidationError("--batch-size must be from 1 to 1024") }
    guard limit ?? 1 >= 1 else { throw ValidationError("--limit must be at least 1") }
    guard samples == nil || task != nil else { throw ValidationError("--samples needs --task") }
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
    var settings = RowSettings()
    settings.template = try model.rowTemplate(template)
    let dataset = try Dataset.load(
      name: URL(fileURLWithPath: data).lastPathComponent, files: RowFiles(arguments: [data]), columns: columns ?? .none,
      settings: settings, tokenizer: try loadTokenizer(of: source),
      vocabularySize: configuration.vocabSize, sequenceLength: length)
    [dataset].notes.forEach(Console.note)
    if dataset.remarks.completionForm == .chat {
      Console.note("prompts and completions are turns of the chat template; --template none joins them as they stand")
    }
    if dataset.statistics.cut > 0 {
      Console.note("\(dataset.statistics.cut) rows were cut to \(length) tokens")
    }
    let rows = Array(dataset.samples.prefix(limit ?? .max))
    let task = try task.map { try makeTask($0, rows, source, contextLength: length) }
    let executor = try device.makeExecutor()
    let loaded = try LoadedModel(source, executor: executor, contextLength: length)
    let candidates = task?.candidates ?? []
    let longest = (rows + candidates).map(\.length).max() ?? 1
    let evaluator = LossEvaluator(
      model: loaded.deviceModel, rope: loaded.rope, executor: executor, rowCapacity: max(longest, 1024))
    try executor.prepare([evaluator.plan])
    let (loss, tokens) = try evaluator.meanLoss(rows)
    var scores: [MetricScore] = []
    if let task {
      let answers = try task.answers(
        evaluator, makeGenerator(task, loaded), stops: configuration.stops(loaded.tokenizer))
      scores = task.scores(answers)
      if let samples { try SamplesFile.write([(dataset.name, answers)], to: URL(fileURLWithPath: samples)) }
    }
    if json {
      return try Console.result(
        json: Result(loss: loss, perplexity: exp(loss), tokens: tokens, metrics: Self.metrics(scores)))
    }
    try Console.result("loss \(loss) nats a token, perplexity \(exp(loss)), \(tokens) supervised tokens")
    for score in scores {
      try Console.result("\(score.name) \(score.value)" + (score.standardError.map { " ± \($0)" } ?? ""))
    }
  }

  private func makeTask(
    _ family: TaskFamily, _ rows: [Sample], _ source: any ModelSource, contextLength: Int
  ) throws -> TaskEvaluator {
    guard let tokenizer = try loadTokenizer(of: source) else {
      throw Failure.BadInput(description: "--task: the model has no tokenizer; give one with --tokenizer")
    }
    do throws(TaskError) {
      return try TaskEvaluator(
        family, samples: rows, tokenizer: tokenizer, maxTokens: maxTokens, contextLength: contextLength)
    } catch {
      throw Failure.BadInput(description: "\(data): \(error)")
    }
  }

  /// The generator of the task's answers; nil for a task that only chooses among labels.
  private func makeGenerator(_ task: TaskEvaluator, _ loaded: LoadedModel) throws -> Generator? {
    guard task.generatedLength > 0 else { return nil }
    let generator = Generator(
      model: loaded.deviceModel, rope: loaded.rope, executor: loaded.executor,
      contextLength: task.generatedLength, sequences: min(batchSize, task.questionCount))
    try loaded.executor.prepare(generator.plans)
    return generator
  }

  /// Each score by name, and its standard error, where there is one, as NAME_stderr.
  private static func metrics(_ scores: [MetricScore]) -> [String: Double] {
    var metrics: [String: Double] = [:]
    for score in scores {
      metrics[score.name] = score.value
      metrics["\(score.name)_stderr"] = score.standardError
    }
    return metrics
  }
}

extension TaskFamily: ExpressibleByArgument {}

extension ColumnNames: ExpressibleByArgument {
  /// Reads `key=column,key=column`; nil where it is written otherwise, or names no key of a row.
  public init?(argument: String) {
    var columns: [String: String] = [:]
    for pair in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[1].isEmpty, Self.keys.contains(parts[0]), columns[parts[0]] == nil else {
        return nil
      }
      columns[parts[0]] = parts[1]
    }
    guard let names = try? ColumnNames(columns) else { return nil }
    self = names
  }
}
