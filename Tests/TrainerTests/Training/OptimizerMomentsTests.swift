import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("Optimisers, and moments in fewer bits, in training")
struct OptimizerMomentsTests {
  private static let fewer = [OptimizerMoments.bfloat16, .blocks]
  private static let kept =
    fewer.map { OptimizerSettings(moments: $0) } + [OptimizerSettings(kind: .lion), OptimizerSettings(kind: .muon)]

  private static func recipe(_ optimizer: OptimizerSettings, _ fixture: RunFixture) throws -> Recipe {
    let golden = try TrainingGolden.load()
    var recipe = fixture.recipe(
      base: .model(TrainingGolden.model), settings: golden.trainingSettings(golden.runs[0]),
      rounds: [("rows", TrainingGolden.rows)])
    recipe.optimizer = optimizer
    return recipe
  }

  @Test("losses follow those of float moments within 2 %, and are not the same", arguments: fewer, TrainerExecutors.all)
  func follows(_ moments: OptimizerMoments, _ choice: ExecutorChoice) throws {
    let runs = try [OptimizerMoments.float32, moments].map { moments in
      let fixture = try RunFixture()
      try fixture.run(try Self.recipe(OptimizerSettings(moments: moments), fixture), on: choice.make())
      return try fixture.metrics().map { $0.loss ?? .nan }
    }
    #expect(runs[0].count == 20 && runs[0] != runs[1])
    for (step, (exact, found)) in zip(runs[0], runs[1]).enumerated() {
      #expect(abs(found - exact) < 0.02 * exact, "step \(step + 1): \(found), \(exact)")
    }
  }

  @Test("a run that stopped within a round goes on to the same bits", arguments: kept, TrainerExecutors.all)
  func resumes(_ optimizer: OptimizerSettings, _ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(optimizer, fixture)
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
    let settings = OptimizerMoments.allCases.map { OptimizerSettings(moments: $0) } + Self.kept.suffix(2)
    let optimizer = try settings.map { settings in
      let fixture = try RunFixture()
      let recipe = try Self.recipe(settings, fixture)
      let executor = try choice.make()
      try fixture.run(recipe, on: executor)
      return Double(try fixture.checkedPlan(recipe, on: executor).bytes.optimizer)
    }
    #expect(abs(optimizer[1] / optimizer[0] - 0.5) < 0.02 && abs(optimizer[2] / optimizer[0] - 0.254) < 0.02)
    // One state in place of two; or of all but the embedding.
    #expect(abs(optimizer[3] / optimizer[0] - 0.5) < 0.02)
    #expect(optimizer[4] > optimizer[3] && optimizer[4] < 0.8 * optimizer[0], "\(optimizer)")
  }

  @Test("moments in fewer bits are AdamW's: other optimisers refuse them by name")
  func refused() throws {
    let fixture = try RunFixture()
    let file = fixture.folder.appending(path: "recipe.yaml")
    try Self.recipe(OptimizerSettings(moments: .blocks), fixture).yaml.write(
      to: file, atomically: true, encoding: .utf8)
    for kind in ["lion", "muon"] {
      let error = try #require(throws: RecipeError.self) { try Recipe.load(file, overrides: ["optimizer=\(kind)"]) }
      #expect(error.message.contains("optim: adamw_8bit") && error.message.contains("optimizer is \(kind)"), "\(error)")
      #expect(try Recipe.load(file, overrides: ["optimizer=\(kind)", "optim=adamw"]).optimizer.kind.rawValue == kind)
    }
  }
}
