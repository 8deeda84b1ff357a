import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("Activations made again")
struct RecomputeTests {
  private static func run(
    _ recompute: Llama.Recompute, adapts: Bool, on choice: ExecutorChoice
  ) throws -> (losses: [Double?], norms: [Double?], weights: Data) {
    let golden = try TrainingGolden.load()
    let fixture = try RunFixture()
    var settings = golden.trainingSettings(golden.runs[1])
    settings.duration = .steps(5)
    var recipe = fixture.recipe(
      base: .model(TrainingGolden.model), settings: settings, rounds: [("rows", TrainingGolden.rows)])
    recipe.memory.recompute = recompute
    var lora = LoRASettings()
    lora.dropout = 0.2
    if adapts { recipe.method = .lora(lora, initial: nil) }
    try fixture.run(recipe, on: choice.make())
    let file = fixture.rounds.appending(
      path: "01-rows/" + (adapts ? "adapter_model.safetensors" : "model.safetensors"))
    let lines = try fixture.metrics()
    return (lines.map(\.loss), lines.map(\.gradNorm), try Data(contentsOf: file))
  }

  @Test("no bit of the losses, norms or weights changes", arguments: [false, true], TrainerExecutors.all)
  func sameBits(_ adapts: Bool, _ choice: ExecutorChoice) throws {
    let kept = try Self.run(.none, adapts: adapts, on: choice)
    #expect(kept.losses.count == 5)
    for mode in Llama.Recompute.allCases where mode != .none {
      let made = try Self.run(mode, adapts: adapts, on: choice)
      #expect(made.losses == kept.losses && made.norms == kept.norms && made.weights == kept.weights, "\(mode)")
    }
  }

  @Test("what is kept shrinks: a block keeps its input alone")
  func memory() throws {
    let smol = try #require(LlamaConfiguration.preset("SmolLM2-135M"))
    var settings = TrainingSettings()
    (settings.perDeviceTrainBatchSize, settings.sequenceLength) = (4, 512)
    let bytes = try [Llama.Recompute.none, .elementwise, .attention, .block].map { mode in
      try MemoryPlan(
        RunShape(smol, method: .full, memory: MemorySettings(recompute: mode), rounds: [settings]),
        device: MemoryPlan.Device(nil)
      )
      .bytes.activations
    }
    #expect(bytes == bytes.sorted(by: >) && Set(bytes).count == 4, "\(bytes)")
    // Of each of 30 blocks, two norms of 2,048 rows by 576 numbers and the gate's 1,536 less; one of each is made again.
    let elementwise = 29 * 2048 * (2 * 576 + 1536) * 4
    #expect(bytes[0] - bytes[1] > elementwise * 95 / 100, "\(bytes)")
    // 30 inputs of blocks of 2,048 rows by 576 numbers, and besides them one block's activations and the logits.
    let inputs = 30 * 2048 * 576 * 4
    #expect(bytes[3] > inputs && bytes[3] < bytes[0] / 3, "\(bytes)")
  }
}
