import Foundation
import TestSupport
import Testing
import Trainer

/// Tests/Goldens/training/expected.json, which generate_training.py writes in float64: runs of 20 steps.
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
    /// nil: AdamW.
    let optimizer: String?
    /// nil: the settings'.
    let learningRate: Double?
    /// The file; nil: rows.jsonl.
    let rows: String?
    /// Losses of the steps, each before its update.
    let losses: [Double]
    /// Gradient norms of the steps, each before clipping.
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

  /// The optimiser of one of the runs.
  func optimizer(_ run: Run) throws -> OptimizerSettings {
    OptimizerSettings(kind: try #require(OptimizerSettings.Kind(rawValue: run.optimizer ?? "adamw")))
  }

  /// The recipe's settings for one of the runs.
  func trainingSettings(_ run: Run) -> TrainingSettings {
    var wanted = settings.trainingSettings
    wanted.gradientAccumulationSteps = run.gradientAccumulationSteps
    wanted.maxGradNorm = run.maxGradNorm
    if let rate = run.learningRate { wanted.learningRate = rate }
    return wanted
  }
}

extension TrainingGolden.Settings {
  /// Settings as a recipe resolves them.
  var trainingSettings: TrainingSettings {
    var wanted = TrainingSettings()
    wanted.shuffle = shuffle
    wanted.packing = packing
    wanted.sequenceLength = sequenceLength
    wanted.perDeviceTrainBatchSize = perDeviceTrainBatchSize
    wanted.duration = .steps(maxSteps)
    wanted.learningRate = learningRate
    if let kind = LearningRateKind(rawValue: lrSchedulerType) { wanted.lrSchedulerType = kind }
    wanted.warmupSteps = warmupSteps
    wanted.minLearningRateRatio = minLrRatio
    wanted.weightDecay = weightDecay
    wanted.adamBeta1 = adamBeta1
    wanted.adamBeta2 = adamBeta2
    wanted.adamEpsilon = adamEpsilon
    return wanted
  }
}
