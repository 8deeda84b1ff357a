import Foundation
import GPUTensor
import Kernels
import TestSupport
import Trainer

/// What the executors of these suites are: the CPU fallback, and the OpenCL device that `auto` chooses.
enum TrainerExecutors {
  static let all: [ExecutorChoice] =
    [.fallback] + [try? DeviceSelection.auto.device()].compactMap { $0.map(ExecutorChoice.device) }

  /// And, where that is a CPU device, the same running a GPU's kernels: slowly.
  static let allKernels: [ExecutorChoice] =
    all
    + all.compactMap { choice in
      if case .device(let device) = choice, device.kind == .cpu { .deviceAsGPU(device) } else { nil }
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
      model: deviceModel, ropeTable: ropeTable, executor: executor, rowCapacity: rowCapacity)
    try executor.prepare([evaluator.plan])
    let samples = texts.map { Sample(ids: $0, labels: $0) }
    return try evaluator.rowLosses(samples).map { losses in losses.dropLast().map { -Double($0) } }
  }

  /// The likeliest continuation of a prompt.
  func greedy(_ prompt: [Int32], count: Int, stops: Set<Int32> = []) throws -> [Int32] {
    let generator = Generator(
      model: deviceModel, ropeTable: ropeTable, executor: executor, contextLength: prompt.count + count)
    try executor.prepare(generator.plans)
    return try generator.generate(prompt: prompt, maxTokens: count, stops: stops, sampling: .init())
  }
}
