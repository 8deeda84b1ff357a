import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("The optimiser in the backward pass")
struct OptimizerInBackwardTests {
  private static func recipe(
    _ inBackward: Bool, adapts: Bool, _ kind: OptimizerSettings.Kind = .adamw, _ fixture: RunFixture
  ) throws -> Recipe {
    let golden = try TrainingGolden.load()
    var settings = golden.trainingSettings(golden.runs[0])
    settings.maxGradNorm = 0
    settings.duration = .steps(6)
    settings.weightDecay = 0.1
    var recipe = fixture.recipe(
      base: .model(TrainingGolden.model), settings: settings, rounds: [("rows", TrainingGolden.rows)])
    recipe.memory.optimizerInBackward = inBackward
    recipe.memory.recompute = .block
    recipe.optimizer.kind = kind
    if adapts { recipe.method = .lora(LoRASettings(), initial: nil) }
    return recipe
  }

  @Test(
    "no bit of the losses or weights changes",
    arguments: [
      (false, .adamw), (true, .adamw), (false, .lion), (false, .muon), (true, .muon),
    ] as [(Bool, OptimizerSettings.Kind)], TrainerExecutors.all)
  func sameBits(_ way: (adapts: Bool, kind: OptimizerSettings.Kind), _ choice: ExecutorChoice) throws {
    let runs = try [false, true].map { inBackward in
      let fixture = try RunFixture()
      try fixture.run(try Self.recipe(inBackward, adapts: way.adapts, way.kind, fixture), on: choice.make())
      let name = way.adapts ? "adapter_model.safetensors" : "model.safetensors"
      let weights = try Data(contentsOf: fixture.rounds.appending(path: "01-rows/" + name))
      return (weights: weights, lines: try fixture.metrics())
    }
    #expect(runs[0].lines.count == 6 && runs[0].lines.map(\.loss) == runs[1].lines.map(\.loss))
    #expect(runs[0].weights == runs[1].weights)
    // The same squares added up in another order; the fallback adds floats one by one.
    for (waiting, early) in zip(runs[0].lines, runs[1].lines) {
      let (norm, found) = (waiting.gradNorm ?? .nan, early.gradNorm ?? .nan)
      #expect(abs(found - norm) < 1e-4 * norm)
    }
  }

  @Test("no gradient waits: a step holds the largest and not all, as planned and as allocated", .onOpenCL)
  func bytes() throws {
    let choice = try #require(TrainerExecutors.all.last)
    let plans = try [false, true].map { inBackward in
      let fixture = try RunFixture()
      let recipe = try Self.recipe(inBackward, adapts: false, .adamw, fixture)
      let executor = try choice.make()
      try fixture.run(recipe, on: executor)
      return try fixture.checkedPlan(recipe, on: executor)
    }
    #expect(plans[0].bytes.gradients == plans[0].bytes.weights && plans[1].bytes.gradients == 0)
    let smol = try #require(LlamaConfiguration.preset("SmolLM2-135M"))
    var settings = TrainingSettings()
    (settings.perDeviceTrainBatchSize, settings.sequenceLength, settings.maxGradNorm) = (1, 64, 0)
    let totals = try [false, true].map { inBackward in
      try MemoryPlan(
        RunShape(
          smol, method: .full, memory: MemorySettings(recompute: .block, optimizerInBackward: inBackward),
          rounds: [settings]), device: MemoryPlan.Device(nil)
      ).bytes.total
    }
    // Of 538 MB of gradients the embedding's 113 MB are left, while they are made.
    #expect(totals[0] - totals[1] > 400_000_000, "\(totals)")
  }

  @Test(
    "what it cannot do is refused at its key",
    arguments: [
      (["gradient_accumulation_steps=4", "max_grad_norm=0"], "gradient_accumulation_steps: 4: set it to 1"),
      (["max_grad_norm=0.5"], "max_grad_norm: 0.5: set it to 0"),
    ])
  func refused(_ overrides: [String], _ words: String) throws {
    let fixture = try RunFixture()
    let file = fixture.folder.appending(path: "recipe.yaml")
    try
      (fixture.recipe(
        base: .model(TrainingGolden.model), settings: TrainingSettings(), rounds: [("rows", TrainingGolden.rows)]
      )
      .yaml).write(to: file, atomically: true, encoding: .utf8)
    let error = try #require(throws: RecipeError.self) {
      try Recipe.load(file, overrides: overrides + ["optimizer_in_bwd=true"])
    }
    #expect(error.message.contains(words) && error.place.contains("optimizer_in_bwd"), "\(error)")
    #expect(try Recipe.load(file, overrides: ["optimizer_in_bwd=true", "max_grad_norm=0"]).memory.optimizerInBackward)
  }
}
