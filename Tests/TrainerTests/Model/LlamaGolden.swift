import Foundation
import GPUTensor
import Kernels
import TestSupport
import Trainer

/// What the executors of these suites are: the CPU fallback, and the OpenCL device that `auto` chooses.
enum TrainerExecutors {
  static let all: [ExecutorChoice] =
    [.fallback] + [try? DeviceSelection.auto.device()].compactMap { $0.map(ExecutorChoice.device) }
}

/// Tests/Goldens/llama/NAME/expected.json, which generate_llama.py writes in float64.
struct LlamaGolden: Decodable {
  struct Sequence: Decodable {
    let ids: [Int32]
    /// One entry fewer than ids.
    let tokenLogprobs: [Double]
  }

  struct Greedy: Decodable {
    let prompt: [Int32]
    let ids: [Int32]
  }

  let sequences: [Sequence]
  let greedy: Greedy

  static let names = [
    "grouped-query-tied", "head-size-apart", "biases", "sharded-bf16", "rope-llama3", "rope-linear",
  ]

  static func folder(_ name: String) -> URL { TestData.golden("llama/" + name) }

  static func load(_ name: String) throws -> LlamaGolden {
    try decode(LlamaGolden.self, from: folder(name).appending(path: "expected.json"))
  }

  /// Reads a golden's JSON, whose keys are in snake case.
  static func decode<Value: Decodable>(_ type: Value.Type, from file: URL) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(contentsOf: file))
  }
}

extension LoadedModel {
  /// A model's files on an executor.
  static func open(_ url: URL, tokenizer: URL? = nil, on choice: ExecutorChoice) throws -> LoadedModel {
    try LoadedModel(openModel(at: url, tokenizer: tokenizer), executor: choice.make())
  }

  /// ln p of each token given those before it, of several texts through one evaluator of this capacity.
  func tokenLogProbabilities(_ texts: [[Int32]], rowCapacity: Int) throws -> [[Double]] {
    let evaluator = LossEvaluator(
      weights: weights, ropeTable: ropeTable, executor: executor, rowCapacity: rowCapacity)
    try executor.prepare([evaluator.plan])
    let samples = texts.map { Sample(ids: $0, labels: $0) }
    return try evaluator.rowLosses(samples).map { losses in losses.dropLast().map { -Double($0) } }
  }

  /// The likeliest continuation of a prompt.
  func greedy(_ prompt: [Int32], count: Int, stops: Set<Int32> = []) throws -> [Int32] {
    let generator = try Generator(
      weights: weights, ropeTable: ropeTable, executor: executor, contextLength: prompt.count + count)
    return try generator.generate(prompt: prompt, maxTokens: count, stops: stops, sampling: .init())
  }
}
