import Foundation
import GPUTensor
import Kernels
import TestSupport
import Testing
import Trainer

/// One optimiser step of a model on one micro-batch of samples, to look at its gradients.
struct StepMeasurement {
  let gradients: ParameterSet
  let statistics: TrainingStep.Statistics
  private let executor: any Executor

  /// - Parameter learningRate: 0 leaves the weights as they are.
  init(
    _ source: any ModelSource, samples: [Sample], on choice: ExecutorChoice, learningRate: Double = 0,
    loss: TrainingLoss = .crossEntropy
  ) throws {
    let model = try LoadedModel(source, executor: choice.make())
    executor = model.executor
    let dataset = Dataset(
      name: "d", files: RowFiles(["/d"]), samples: samples, statistics: DatasetStatistics())
    let tokens = TokenStream.tokenCount([dataset])
    let stream = TokenStream(capacity: tokens)
    let step = TrainingStep(
      model: model.deviceModel, stream: stream, rope: model.rope, executor: executor, rowCapacity: tokens,
      loss: loss)
    let plans = step.plans(for: AdamWOptimizer(TrainingSettings().optimizerConstants))
    try executor.prepare(plans.all)
    let places = try stream.load([dataset], into: executor)
    var batch = MicroBatch()
    for (index, sample) in samples.enumerated() {
      batch.append(Segment(dataset: 0, sample: index, reversed: false, variant: sample))
    }
    try step.run([batch], places: places, plans: plans, learningRate: learningRate, number: 1)
    statistics = try step.statistics(from: 1, through: 1)[0]
    gradients = try #require(step.waitingGradients)
  }

  /// ∂ mean loss / ∂ the parameter of this key, row by row.
  func gradient(_ name: String) throws -> [Double] { try executor.read(gradients.variable(name)).map(Double.init) }
}
