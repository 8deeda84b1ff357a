import Foundation
import GPUTensor
import Kernels
import TestSupport
import Testing
import Trainer

@Suite("Twenty steps against float64")
struct TrainingGoldenTests {
  @Test(
    "accumulation 1 and 2, every step clipped; some steps clipped and others not; Lion, Muon; rows that count unlike",
    arguments: 0..<6, TrainerExecutors.all)
  func trains(_ index: Int, _ choice: ExecutorChoice) throws {
    let golden = try TrainingGolden.load()
    let run = golden.runs[index]
    let trained = try RunFixture()
    var recipe = trained.recipe(
      base: .model(TrainingGolden.model), settings: golden.trainingSettings(run),
      rounds: [("rows", TestData.golden("training/" + (run.rows ?? "rows.jsonl")))])
    recipe.optimizer = try golden.optimizer(run)
    try trained.run(recipe, on: choice.make())
    let lines = try trained.metrics()

    #expect(lines.map(\.step) == Array(1...golden.settings.maxSteps))
    #expect(lines.map(\.supervisedTokens) == run.supervised)
    #expect(largestDifference(lines.map(\.learningRate), run.learningRates) < 1e-12)
    // In nats; transformers in float32 is up to 1e-5 away.
    #expect(largestDifference(lines.map { $0.loss ?? .nan }, run.losses) < 1e-4)
    let relative = zip(lines, run.gradNorms).map { ($0.gradNorm ?? .nan) / $1 }
    #expect(largestDifference(relative, run.gradNorms.map { _ in 1 }) < 3e-3)

    let final = try openModel(at: trained.rounds.appending(path: "final"))
    #expect(run.finalWeightNorms.count == final.configuration.parameters.count)
    for (name, norm) in run.finalWeightNorms {
      let square = try final.tensor(name).reduce(0) { $0 + Double($1) * Double($1) }
      #expect(abs(square.squareRoot() / norm - 1) < 1e-4, "\(name)")
    }
  }

  @Test("eight rows are one step, however they are split into micro-batches", arguments: TrainerExecutors.all)
  func microBatchesAddUp(_ choice: ExecutorChoice) throws {
    let golden = try TrainingGolden.load()
    var settings = golden.trainingSettings(golden.runs[0])
    settings.duration = .steps(8)
    func losses(rows: Int, accumulation: Int) throws -> [Double] {
      settings.perDeviceTrainBatchSize = rows
      settings.gradientAccumulationSteps = accumulation
      let trained = try RunFixture()
      try trained.run(
        trained.recipe(base: .model(TrainingGolden.model), settings: settings, rounds: [("rows", TrainingGolden.rows)]),
        on: choice.make())
      return try trained.metrics().map { $0.loss ?? .nan }
    }
    let whole = try losses(rows: 8, accumulation: 1)
    #expect(whole.count == 8)
    for (rows, accumulation) in [(1, 8), (2, 4)] {
      let split = try losses(rows: rows, accumulation: accumulation)
      let relative = zip(split, whole).map { $0 / $1 }
      let difference = largestDifference(relative, whole.map { _ in 1 })
      #expect(difference <= 1e-6, "\(accumulation) micro-batches of \(rows): off by \(difference)")
    }
  }
}
