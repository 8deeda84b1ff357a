import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("Moments in fewer bits, in training")
struct OptimizerMomentsTests {
  private static let fewer = [OptimizerMoments.bfloat16, .blocks]

  private static func recipe(_ moments: OptimizerMoments, _ fixture: RunFixture) throws -> Recipe {
    let golden = try TrainingGolden.load()
    var recipe = fixture.recipe(
      base: .model(TrainingGolden.model), settings: golden.trainingSettings(golden.runs[0]),
      rounds: [("rows", TrainingGolden.rows)])
    recipe.memory.moments = moments
    return recipe
  }

  @Test("losses follow those of float moments within 2 %, and are not the same", arguments: fewer, TrainerExecutors.all)
  func follows(_ moments: OptimizerMoments, _ choice: ExecutorChoice) throws {
    let runs = try [OptimizerMoments.float32, moments].map { moments in
      let fixture = try RunFixture()
      try fixture.run(try Self.recipe(moments, fixture), on: choice.make())
      return try fixture.metrics().map { $0.loss ?? .nan }
    }
    #expect(runs[0].count == 20 && runs[0] != runs[1])
    for (step, (exact, found)) in zip(runs[0], runs[1]).enumerated() {
      #expect(abs(found - exact) < 0.02 * exact, "step \(step + 1): \(found), \(exact)")
    }
  }

  @Test("a run that stopped within a round goes on to the same bits", arguments: fewer, TrainerExecutors.all)
  func resumes(_ moments: OptimizerMoments, _ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(moments, fixture)
    recipe.rounds[0].settings.saveSteps = 7
    let copy = fixture.folder.appending(path: "crashed")
    try fixture.run(recipe, on: choice.make()) { line in
      if line.step == 9 { try? FileManager.default.copyItem(at: fixture.output, to: copy) }
    }
    let whole = try (fixture.weights("01-rows"), fixture.metrics().map(\.loss))
    try FileManager.default.removeItem(at: fixture.output)
    try FileManager.default.moveItem(at: copy, to: fixture.output)
    try fixture.run(recipe, on: choice.make(), resuming: true)
    #expect(try fixture.weights("01-rows") == whole.0 && fixture.metrics().map(\.loss) == whole.1)
  }

  @Test("a device keeps a half or a quarter of the bytes, as planned and as allocated", .onOpenCL)
  func bytes() throws {
    let choice = try #require(TrainerExecutors.all.last)
    let optimizer = try OptimizerMoments.allCases.map { moments in
      let fixture = try RunFixture()
      let recipe = try Self.recipe(moments, fixture)
      let executor = try choice.make()
      try fixture.run(recipe, on: executor)
      return Double(try fixture.checkedPlan(recipe, on: executor).bytes.optimizer)
    }
    #expect(abs(optimizer[1] / optimizer[0] - 0.5) < 0.02 && abs(optimizer[2] / optimizer[0] - 0.254) < 0.02)
  }
}
