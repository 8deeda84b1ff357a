import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("Rounds of adapters on embedding and output projection, with biases and LoRA+")
struct AdaptedTablesTests {
  /// A base, the use of an adapter between rounds, and an optimiser.
  struct Way {
    let isTied: Bool
    let between: LoRASettings.BetweenRounds
    var ratio: Double?
    var optimizer = OptimizerSettings()
    var inBackward = false
    /// Rows of tokens that are trained, in place of adapters on the tables.
    var tokens: [String: [Int]] = [:]
  }

  private static let ways: [Way] = [
    Way(isTied: false, between: .merge), Way(isTied: false, between: .continue, ratio: 4),
    Way(isTied: false, between: .stack, ratio: 8, optimizer: OptimizerSettings(moments: .blocks)),
    Way(isTied: true, between: .stack), Way(isTied: true, between: .continue, ratio: 2),
    Way(isTied: false, between: .merge, ratio: 4, optimizer: OptimizerSettings(kind: .lion)),
    Way(isTied: false, between: .merge, ratio: 4, optimizer: OptimizerSettings(kind: .muon)),
    Way(isTied: true, between: .merge, tokens: ["embed_tokens": [64, 5, 2]]),
    Way(isTied: true, between: .stack, tokens: ["embed_tokens": [64, 5]]),
    Way(isTied: false, between: .stack, tokens: ["embed_tokens": [64, 5, 2], "lm_head": [5, 7]]),
    Way(isTied: false, between: .continue, ratio: 4, tokens: ["lm_head": [5, 7]]),
    Way(isTied: true, between: .merge, optimizer: OptimizerSettings(kind: .muon), tokens: ["embed_tokens": [64]]),
    Way(isTied: true, between: .continue, inBackward: true, tokens: ["embed_tokens": [64, 5]]),
  ]

  private static func recipe(_ way: Way, _ fixture: RunFixture) throws -> Recipe {
    let lines = try String(contentsOf: TrainingGolden.rows, encoding: .utf8).split(separator: "\n")
    func write(_ name: String, _ part: ArraySlice<Substring>) throws -> URL {
      let file = fixture.folder.appending(path: name)
      try Data((part.joined(separator: "\n") + "\n").utf8).write(to: file)
      return file
    }
    let names = ["one", "two", "three"]
    let rounds = try names.enumerated().map {
      (name: $1, train: try write($1 + ".jsonl", lines[$0 * 8..<$0 * 8 + 7]))
    }
    let valid = try names.enumerated().map { try write($1 + "-valid.jsonl", lines[$0 * 8 + 7..<$0 * 8 + 8]) }
    var settings = RunFixture.settings(steps: 4, saveSteps: 2)
    if way.inBackward { settings.maxGradNorm = 0 }
    var recipe = fixture.recipe(
      base: .model(way.isTied ? TrainingGolden.model : TestData.golden("peft/base")), settings: settings,
      rounds: rounds, valid: valid)
    var lora = LoRASettings()
    (lora.rank, lora.alpha, lora.betweenRounds, lora.dropout) = (4, 8, way.between, 0.1)
    (lora.targets, lora.biases) = (.named(["embed_tokens", "v_proj", "down_proj", "lm_head"]), .adapted)
    (lora.learningRateRatio, lora.embeddingLearningRate) = (way.ratio, 1e-3)
    if !way.tokens.isEmpty { (lora.targets, lora.tokenIndices) = (.named(["v_proj", "down_proj"]), way.tokens) }
    recipe.method = .lora(lora, initial: nil)
    recipe.optimizer = way.optimizer
    recipe.memory.optimizerInBackward = way.inBackward
    return recipe
  }

  private struct TransferRecord: Decodable {
    let loss: [[Double?]]
  }

  @Test(
    "each round's folder is the model that was measured, and a run that crashed goes on to the same bits",
    arguments: ways, TrainerExecutors.all)
  func rounds(_ way: Way, _ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(way, fixture)
    let copy = fixture.folder.appending(path: "crashed")
    let (_, notes) = try fixture.run(recipe, on: choice.make()) { line in
      guard line.round == 2, line.step == 3 else { return }
      try? FileManager.default.copyItem(at: fixture.output, to: copy)
    }
    let folded = notes.filter { $0.contains("is folded into the model") }
    #expect(folded.count == (way.between == .continue ? 0 : 2), "\(notes)")
    for note in folded { #expect(try #require(Float(note.split(separator: " ").last ?? "")) < 1e-4, "\(note)") }
    let matrix = try LlamaGolden.decode(TransferRecord.self, from: fixture.output.appending(path: "transfer.json"))
    for (index, name) in ["01-one", "02-two", "03-three"].enumerated() {
      let model = try LoadedModel.open(fixture.rounds.appending(path: name), on: choice)
      let dataset = try Dataset.load(
        name: "one", files: RowFiles(fixture.folder.appending(path: "one-valid.jsonl")), tokenizer: model.tokenizer,
        vocabularySize: 160, sequenceLength: 48)
      let evaluator = LossEvaluator(
        model: model.deviceModel, rope: model.rope, executor: model.executor, rowCapacity: 512)
      try model.executor.prepare([evaluator.plan])
      let found = try evaluator.meanLoss(dataset.samples).loss
      #expect(abs(found - (matrix.loss[index + 1][0] ?? .nan)) < 1e-4, "\(name)")
    }
    let adapter = fixture.rounds.appending(path: "03-three/adapter_model.safetensors")
    let whole = try Data(contentsOf: adapter)
    try FileManager.default.removeItem(at: fixture.output)
    try FileManager.default.moveItem(at: copy, to: fixture.output)
    try fixture.run(recipe, on: choice.make(), resuming: true)
    #expect(try Data(contentsOf: adapter) == whole)
  }

  @Test("rates of their own hold in the backward pass too: the same bits", arguments: TrainerExecutors.all)
  func inBackward(_ choice: ExecutorChoice) throws {
    let bytes = try [false, true].map { inBackward in
      let fixture = try RunFixture()
      var recipe = try Self.recipe(Way(isTied: false, between: .merge, ratio: 4, inBackward: inBackward), fixture)
      recipe.defaults.maxGradNorm = 0
      for index in recipe.rounds.indices { recipe.rounds[index].settings.maxGradNorm = 0 }
      try fixture.run(recipe, on: choice.make())
      return try Data(contentsOf: fixture.rounds.appending(path: "03-three/adapter_model.safetensors"))
    }
    #expect(bytes[0] == bytes[1])
  }

  @Test("a ratio of 1 is no LoRA+: B moves as with one rate")
  func one() throws {
    let weights = try [nil, 1, 4].map { (ratio: Double?) in
      let fixture = try RunFixture()
      var recipe = try Self.recipe(Way(isTied: false, between: .merge, ratio: ratio), fixture)
      guard case .lora(var lora, _) = recipe.method else { return [Float]() }
      lora.targets = .named(["v_proj"])
      recipe.method = .lora(lora, initial: nil)
      try fixture.run(recipe, on: CPUExecutor<Float>())
      let file = try SafetensorsFile(fixture.rounds.appending(path: "01-one/adapter_model.safetensors"))
      return try file.floats("base_model.model.model.layers.0.self_attn.v_proj.lora_B.weight")
    }
    #expect(weights[0] == weights[1] && weights[0] != weights[2] && weights[0].contains { $0 != 0 })
  }
}
