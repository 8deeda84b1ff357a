import ArgumentParser
import Foundation
import GPUTensor
import Trainer

/// `--samples` and `--rerank`: a reverse model chooses among several answers.
struct RerankOptions: ParsableArguments {
  @Option(help: "Draw this many answers, with the seeds from --seed on; the reverse model of --rerank chooses.")
  var samples: Int?

  @Option(help: "A model of reversed text: the answer from which it best foretells the prompt is printed.")
  var rerank: String?

  @Option(help: "How that model's text is turned round: token or word.")
  var rerankUnit: ReverseText.Unit?

  @Option(help: "What reversed rows began with in that model's training: objective.marker.")
  var rerankMarker: String?

  func validate() throws {
    guard (samples == nil) == (rerank == nil) else { throw ValidationError("--samples and --rerank go together") }
    guard (2...1024).contains(samples ?? 2) else { throw ValidationError("--samples must be from 2 to 1024") }
    guard rerank != nil || (rerankUnit == nil && rerankMarker == nil) else {
      throw ValidationError("--rerank-unit and --rerank-marker need --rerank")
    }
  }

  /// Ranks the answers, best first, by the prompt's loss after each under the reverse model. Opens an executor of its
  /// own.
  func rank(prompt: String, answers: [String], by model: String, on device: DeviceOption) throws
    -> [ReverseRanking.Candidate]
  {
    let source = try ModelOptions.open(model)
    guard let tokenizer = try loadTokenizer(of: source) else {
      throw Failure.BadInput(description: "--rerank: \(model) has no tokenizer; give a model's folder that holds one")
    }
    let text = try ReverseText(tokenizer, unit: rerankUnit, marker: rerankMarker, option: "--rerank-marker")
    let ranking = ReverseRanking(text, prompt: prompt, answers: answers)
    for sample in ranking.samples {
      try TokenInput.check(sample.ids, source.configuration, limit: source.configuration.maxPositionEmbeddings)
    }
    let longest = ranking.samples.map(\.length).max() ?? 1
    let loaded = try LoadedModel(source, executor: try device.makeExecutor(), contextLength: longest)
    let evaluator = LossEvaluator(
      model: loaded.deviceModel, rope: loaded.rope, executor: loaded.executor, rowCapacity: max(longest, 1024)
    )
    try loaded.executor.prepare([evaluator.plan])
    return ranking.ranked(try evaluator.rowLosses(ranking.samples))
  }
}
