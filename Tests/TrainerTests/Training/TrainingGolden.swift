import Foundation
import TestSupport
import Trainer

/// Tests/Goldens/training/expected.json, which generate_training.py writes in float64: runs of 20 AdamW steps.
struct TrainingGolden: Decodable {
  struct Settings: Decodable {
    let shuffle: Bool
    let packing: Bool
    let sequenceLength: Int
    let perDeviceTrainBatchSize: Int
    let maxSteps: Int
    let learningRate: Double
    let lrSchedulerType: String
    let warmupSteps: Int
    let minLrRatio: Double
    let weightDecay: Double
    let adamBeta1: Double
    let adamBeta2: Double
    let adamEpsilon: Double
  }

  struct Run: Decodable {
    let gradientAccumulationSteps: Int
    let maxGradNorm: Double
    /// Of each step, before its update.
    let losses: [Double]
    /// Of each step, before clipping.
    let gradNorms: [Double]
    let learningRates: [Double]
    let supervised: [Int]
    let firstGradientNorms: [String: Double]
    let finalWeightNorms: [String: Double]
  }

  let settings: Settings
  let runs: [Run]

  static let model = TestData.golden("training/model")
  static let rows = TestData.golden("training/rows.jsonl")

  static func load() throws -> TrainingGolden {
    try LlamaGolden.decode(TrainingGolden.self, from: TestData.golden("training/expected.json"))
  }

  /// The recipe's settings for one of the runs.
  func trainingSettings(_ run: Run) -> TrainingSettings {
    var wanted = TrainingSettings()
    wanted.shuffle = settings.shuffle
    wanted.packing = settings.packing
    wanted.sequenceLength = settings.sequenceLength
    wanted.perDeviceTrainBatchSize = settings.perDeviceTrainBatchSize
    wanted.duration = .steps(settings.maxSteps)
    wanted.learningRate = settings.learningRate
    if let kind = LearningRateKind(rawValue: settings.lrSchedulerType) { wanted.lrSchedulerType = kind }
    wanted.warmupSteps = settings.warmupSteps
    wanted.minLearningRateRatio = settings.minLrRatio
    wanted.weightDecay = settings.weightDecay
    wanted.adamBeta1 = settings.adamBeta1
    wanted.adamBeta2 = settings.adamBeta2
    wanted.adamEpsilon = settings.adamEpsilon
    wanted.gradientAccumulationSteps = run.gradientAccumulationSteps
    wanted.maxGradNorm = run.maxGradNorm
    return wanted
  }
}
