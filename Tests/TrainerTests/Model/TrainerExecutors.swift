import Foundation
import GPUTensor
import Kernels
import TestSupport
import Trainer

/// Executors of these suites: the CPU fallback, and the OpenCL device that `auto` chooses.
enum TrainerExecutors {
  static let all: [ExecutorChoice] =
    [.fallback] + [try? DeviceSelection.auto.device()].compactMap { $0.map(ExecutorChoice.device) }

  /// The same, and for a CPU device also that device with a GPU's kernels, which is slow.
  static let allKernels: [ExecutorChoice] =
    all
    + all.compactMap { choice in
      if case .device(let device) = choice, device.kind == .cpu { .deviceAsGPU(device) } else { nil }
    }
}

extension LoadedModel {
  /// Opens a model's files on an executor.
  static func open(_ url: URL, tokenizer: URL? = nil, on choice: ExecutorChoice) throws -> LoadedModel {
    try LoadedModel(openModel(at: url, tokenizer: tokenizer), executor: choice.make())
  }

  /// ln p of each token given those before it, for several texts by one evaluator.
  func tokenLogProbabilities(_ texts: [[Int32]], rowCapacity: Int) throws -> [[Double]] {
    let evaluator = LossEvaluator(
      model: deviceModel, rope: rope, executor: executor, rowCapacity: rowCapacity)
    try executor.prepare([evaluator.plan])
    let samples = texts.map { Sample(ids: $0, labels: $0) }
    return try evaluator.rowLosses(samples).map { losses in losses.dropLast().map { -Double($0) } }
  }

  /// The likeliest continuation of a prompt.
  func greedy(_ prompt: [Int32], count: Int, stops: Set<Int32> = []) throws -> [Int32] {
    let generator = Generator(
      model: deviceModel, rope: rope, executor: executor, contextLength: prompt.count + count)
    try executor.prepare(generator.plans)
    return try generator.generate(prompt: prompt, maxTokens: count, stops: stops, sampling: .init())
  }
}
