import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("Planning a run")
struct MemoryPlanTests {
  private static let none = MemoryPlan.Device(nil)
  private static let smol = LlamaConfiguration.preset("SmolLM2-135M")

  private static func settings(rows: Int, length: Int) -> TrainingSettings {
    var settings = TrainingSettings()
    (settings.perDeviceTrainBatchSize, settings.sequenceLength) = (rows, length)
    return settings
  }

  @Test("weights, gradients and moments are counted to the byte; a tied head counts once")
  func bytes() throws {
    let smol = try #require(Self.smol)
    #expect(smol.parameterCount == 134_515_008)
    let settings = Self.settings(rows: 1, length: 64)
    let full = try MemoryPlan(smol, method: .full, settings: settings, device: Self.none)
    // Slabs round each variable up to a multiple of 1,024 bytes.
    #expect(abs(full.bytes.weights - 4 * smol.parameterCount) < 500 * 1024)
    #expect(full.bytes.gradients == full.bytes.weights && full.bytes.optimizer == 2 * full.bytes.weights)
    let sum = full.bytes.weights + full.bytes.gradients + full.bytes.optimizer + full.bytes.activations
    #expect(sum == full.bytes.total)
    let lora = try MemoryPlan(smol, method: .lora(LoRASettings(), initial: nil), settings: settings, device: Self.none)
    #expect(lora.trainableParameters == 2_442_240)  // by hand: 30 · 8 · (2·1152 + 2·768 + 3·2112)
    #expect(lora.bytes.gradients < full.bytes.gradients / 50)
    // Four products forward and back instead of six.
    #expect(lora.flopsPerToken / full.flopsPerToken < 0.72 && lora.flopsPerToken / full.flopsPerToken > 0.66)
    // A weight that is trained beside the adapters is kept once.
    var saving = LoRASettings()
    saving.modulesToSave = ["embed_tokens"]
    let saved = try MemoryPlan(smol, method: .lora(saving, initial: nil), settings: settings, device: Self.none)
    #expect(saved.bytes.weights == lora.bytes.weights && saved.trainableParameters == 2_442_240 + 49152 * 576)
    #expect(saved.flopsPerToken - lora.flopsPerToken == 2 * 49152 * 576)
  }

  @Test("a real run takes what was planned for it, within a tenth", arguments: [true, false], TrainerExecutors.all)
  func accurate(_ adapts: Bool, _ choice: ExecutorChoice) throws {
    let golden = try TrainingGolden.load()
    let fixture = try RunFixture()
    var settings = golden.trainingSettings(golden.runs[0])
    settings.packing = true
    var recipe = fixture.recipe(
      base: .model(TrainingGolden.model), settings: settings, rounds: [("rows", TrainingGolden.rows)])
    if adapts { recipe.method = .lora(LoRASettings(), initial: nil) }
    let executor = try choice.make()
    try fixture.run(recipe, on: executor)
    let plan = try fixture.checkedPlan(recipe, on: executor)
    #expect(abs(Double(plan.bytes.total) / Double(try fixture.record("01-rows").plannedBytes) - 1) < 0.1)
  }

  @Test("the largest batch fits and the next does not; what is proposed would fit")
  func fitting() throws {
    let smol = try #require(Self.smol)
    let settings = Self.settings(rows: 64, length: 512)
    let fitting = FittingSettings(smol, settings: settings, device: Self.none)
    let memory = 8 << 30
    let largest = try fitting.largestBatch(.full, length: 512, memory: memory)
    func bytes(_ rows: Int, _ length: Int = 512, _ method: TrainingMethod = .full) throws -> Int {
      try MemoryPlan(smol, method: method, settings: Self.settings(rows: rows, length: length), device: Self.none)
        .bytes.total
    }
    #expect(largest > 0 && largest < 64)
    #expect(try bytes(largest) <= memory && bytes(largest + 1) > memory)
    let changes = try fitting.changes(method: .full, memory: memory)
    let steps = (64 + largest - 1) / largest
    #expect(changes.first == "per_device_train_batch_size: \(largest) with gradient_accumulation_steps: \(steps)")
    #expect(changes.count == 3 && changes[1] == "recompute: block", "\(changes)")
    let all = try fitting.changes(method: .full, memory: memory, count: 9)
    #expect(all.last?.hasPrefix("method: {type: lora, rank: 8}") == true, "\(all)")
    #expect(try fitting.largestBatch(.full, length: 512, memory: 1 << 30) == 0)
  }

  @Test("presets have the sizes that their names say")
  func presets() throws {
    let sizes = [
      "7B": 6.74e9, "13B": 13.02e9, "33B": 32.53e9, "65B": 65.29e9, "Llama-2-7B": 6.74e9, "Llama-2-70B": 68.98e9,
      "Llama-3-8B": 8.03e9, "Llama-3-70B": 70.55e9, "Llama-3.2-1B": 1.236e9, "Llama-3.2-3B": 3.213e9,
      "SmolLM2-360M": 361.8e6, "SmolLM2-1.7B": 1711e6, "TinyLlama-1.1B": 1100e6,
    ]
    for (name, size) in sizes {
      let configuration = try #require(LlamaConfiguration.preset(name))
      #expect(abs(Double(configuration.parameterCount) / size - 1) < 2e-3, "\(name): \(configuration.parameterCount)")
      try configuration.validate(path: name)
    }
    for name in LlamaConfiguration.presetNames { #expect(LlamaConfiguration.preset(name.lowercased()) != nil) }
  }
}
