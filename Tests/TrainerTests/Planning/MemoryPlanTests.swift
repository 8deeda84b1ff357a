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
    func plan(_ method: TrainingMethod, rounds: Int = 1) throws -> MemoryPlan {
      try MemoryPlan(
        RunShape(smol, method: method, rounds: Array(repeating: settings, count: rounds)), device: Self.none)
    }
    let full = try plan(.full)
    // Slabs round each variable up to a multiple of 1,024 bytes.
    #expect(abs(full.bytes.weights - 4 * smol.parameterCount) < 500 * 1024)
    #expect(full.bytes.gradients == full.bytes.weights && full.bytes.optimizer == 2 * full.bytes.weights)
    let sum = full.bytes.weights + full.bytes.gradients + full.bytes.optimizer + full.bytes.activations
    #expect(sum == full.bytes.total)
    let lora = try plan(.lora(LoRASettings(), initial: nil))
    #expect(lora.trainableParameters == 2_442_240)  // by hand: 30 · 8 · (2·1152 + 2·768 + 3·2112)
    #expect(lora.bytes.gradients < full.bytes.gradients / 50)
    // Four products forward and back instead of six.
    #expect(lora.flopsPerToken / full.flopsPerToken < 0.72 && lora.flopsPerToken / full.flopsPerToken > 0.66)
    // A weight that is trained beside the adapters is kept once.
    var saving = LoRASettings()
    saving.modulesToSave = ["embed_tokens"]
    let saved = try plan(.lora(saving, initial: nil))
    #expect(saved.bytes.weights == lora.bytes.weights && saved.trainableParameters == 2_442_240 + 49152 * 576)
    #expect(saved.flopsPerToken - lora.flopsPerToken == 2 * 49152 * 576)
    // Of three rounds two adapters come to lie beside the weights.
    var stacking = LoRASettings()
    stacking.betweenRounds = .stack
    let (alone, third) = try (plan(.lora(stacking, initial: nil)), plan(.lora(stacking, initial: nil), rounds: 3))
    let beside = third.bytes.weights - alone.bytes.weights
    #expect(beside >= 2 * 4 * 2_442_240 && beside < 2 * 4 * 2_442_240 + 500 * 1024)
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
    let fitting = FittingSettings(RunShape(smol, method: .full, rounds: [settings]), device: Self.none)
    let memory = 8 << 30
    let largest = try fitting.largestBatch(memory: memory)
    func bytes(_ rows: Int) throws -> Int {
      let shape = RunShape(smol, method: .full, rounds: [Self.settings(rows: rows, length: 512)])
      return try MemoryPlan(shape, device: Self.none).bytes.total
    }
    #expect(largest > 0 && largest < 64)
    #expect(try bytes(largest) <= memory && bytes(largest + 1) > memory)
    let changes = try fitting.changes(memory: memory)
    let steps = (64 + largest - 1) / largest
    #expect(changes.first == "per_device_train_batch_size: \(largest) with gradient_accumulation_steps: \(steps)")
    #expect(changes.count == 3 && changes[1] == "recompute: block", "\(changes)")
    let all = try fitting.changes(memory: memory, count: 9)
    #expect(all.last?.hasPrefix("method: {type: lora, rank: 8}") == true, "\(all)")
    #expect(try fitting.largestBatch(memory: 1 << 30) == 0)
  }

  @Test("a recipe's plan counts the caches of answers, and the best weights of whichever round asks for them")
  func besides() throws {
    let (file, smol) = (URL(fileURLWithPath: "/rows.jsonl"), try #require(Self.smol))
    let settings = Self.settings(rows: 1, length: 64)
    let plain = try RunFixture().recipe(settings: settings, rounds: [("one", file), ("two", file)])
    func plan(_ change: (inout Recipe) -> Void = { _ in }) throws -> MemoryPlan {
      var recipe = plain
      change(&recipe)
      return try MemoryPlan(RunShape(recipe, smol, types: [:]), device: Self.none)
    }
    let kept = try plan { $0.rounds[1].settings.loadBestModelAtEnd = true }
    #expect(try kept.bytes.total == plan().bytes.total + kept.bytes.weights)
    let answering = try plan { $0.rounds[0].task = .qa }
    // 16 sequences of 64 tokens and as many of an answer, keys and values of 3 heads of 64, in 30 layers.
    let caches = 30 * 2 * 16 * 128 * 192 * 4
    #expect(try answering.bytes.activations - plan().bytes.activations >= caches)
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
