import Foundation
import TestSupport
import Testing

import Trainer

@Suite("Learning rates beside transformers")
struct LearningRateScheduleTests {
  /// Tests/Goldens/schedules/schedules.json, which generate_schedules.py writes.
  private struct Golden: Decodable {
    struct Restarts: Decodable {
      let warmup: Int
      let total: Int
      let cycles: Int
      let rates: [Double]
    }
    struct Ratio: Decodable {
      let total: Int
      let ratio: Double
      let steps: Int
    }
    let restarts: [Restarts]
    let ratios: [Ratio]

    static func read() throws -> Golden {
      try JSONDecoder().decode(Golden.self, from: Data(contentsOf: TestData.golden("schedules/schedules.json")))
    }
  }

  private func expect(_ rates: [Double], _ expected: [Double]) {
    #expect(rates.count == expected.count)
    for (rate, value) in zip(rates, expected) { #expect(abs(rate - value) < 1e-12, "\(rates)") }
  }

  @Test("cosines with restarts are transformers', and end at the lowest rate where one is set")
  func restarts() throws {
    for golden in try Golden.read().restarts {
      func rates(minRatio: Double) -> [Double] {
        let schedule = LearningRateSchedule(
          kind: .cosineWithRestarts, peak: 2, warmupSteps: golden.warmup, totalSteps: golden.total, minRatio: minRatio,
          cycles: golden.cycles)
        return (1...golden.total).map { schedule.rate(step: $0) }
      }
      expect(rates(minRatio: 0), golden.rates.map { 2 * $0 })
      // After the warm-up, what lies between the lowest rate and the peak is scaled.
      let raised = golden.rates.enumerated().map { index, rate -> Double in
        let between: Double = 0.25 + 0.75 * rate
        return 2 * (index < golden.warmup ? rate : between)
      }
      expect(rates(minRatio: 0.25), raised)
    }
  }

  @Test("a share of the steps that warm up is rounded up, as in transformers")
  func warmupRatio() throws {
    for golden in try Golden.read().ratios {
      var settings = TrainingSettings()
      settings.warmupRatio = golden.ratio
      #expect(settings.warmupSteps(of: golden.total) == golden.steps)
      #expect(settings.schedule(steps: golden.total).warmupSteps == golden.steps)
    }
    #expect(TrainingSettings().warmupSteps(of: 2) == 5)
  }

  @Test("of warm-up in steps and as a share the last one said counts; another course drops the cosines")
  func inheritance() throws {
    let fixture = try RecipeFixture()
    let recipe = try fixture.load(
      "warmup_ratio=0.1", "rounds.1.warmup_steps=3", "lr_scheduler_type=cosine_with_restarts", "num_cycles=4",
      "rounds.0.lr_scheduler_type=linear", "rounds.1.max_steps=9")
    #expect(recipe.rounds[0].settings.warmupSteps(of: 41) == 5 && recipe.rounds[1].settings.warmupSteps(of: 41) == 3)
    #expect(recipe.rounds.map(\.settings.cycles) == [nil, 4])
    #expect(recipe.rounds[1].settings.schedule(steps: 9).cycles == 4)
    #expect(try RecipeFixture(recipe.yaml).load() == recipe)
    #expect(try fixture.load("lr_scheduler_type=cosine_with_restarts").defaults.cycles == 1)
    #expect(try fixture.load("lr_scheduler_type=cosine_with_restarts", "num_cycles=null").defaults.cycles == 1)
    #expect(try fixture.load("num_cycles=null").defaults.cycles == nil)
    #expect(fixture.error("warmup_steps=7", "warmup_ratio=0.5")?.message.contains("excludes it") == true)
    let steps = try RecipeFixture(RecipeFixture.minimal + "\nwarmup_steps: 7\n")
    #expect(try steps.load("warmup_ratio=0.5").defaults.warmupRatio == 0.5)
    let share = try RecipeFixture(RecipeFixture.minimal + "\nwarmup_ratio: 0.5\n")
    #expect(try share.load("warmup_steps=7").defaults.warmupRatio == nil)
    let nearer = fixture.error("lr_scheduler_type=cosine_with_restarts", "num_cycles=2", "rounds.0.num_cycles=0")
    #expect(nearer?.message.contains("rounds[0].num_cycles is 0") == true)
  }
}
