import Foundation
import GPUTensor
import Kernels
import TestSupport
import Testing
import Trainer

/// A small random model of each family against transformers in float64: every difference from LLaMA moves the numbers
/// by more than 1e-2.
@Suite("Families against float64")
struct ModelFamilyTests {
  @Test("log-probabilities", arguments: FamilyGolden.names, TrainerExecutors.allKernels)
  func logProbabilities(_ name: String, _ choice: ExecutorChoice) throws {
    let golden = try FamilyGolden.load(name)
    for text in golden.sequences {
      // LongRoPE takes the long factors where the longest sequence needs them.
      let source = try openModel(at: FamilyGolden.folder(name))
      let model = try LoadedModel(source, executor: choice.make(), contextLength: text.ids.count)
      let found = try model.tokenLogProbabilities([text.ids], rowCapacity: 48)[0]
      let difference = largestDifference(found, text.tokenLogprobs)
      #expect(difference <= 1e-4, "\(text.ids.count) tokens: off by \(difference)")
    }
  }

  @Test("the older keys of config.json say the same", arguments: FamilyGolden.names)
  func olderDialect(_ name: String) throws {
    let folder = FamilyGolden.folder(name)
    let scratch = try CheckpointScratch()
    try scratch.write(Data(contentsOf: folder.appending(path: "config.old.json")), "config.json")
    let found = try FolderConfigurations.read(scratch.url).configuration
    #expect(found == (try openModel(at: folder).configuration))
  }

  @Test("the likeliest continuation, token by token with a cache", arguments: FamilyGolden.names, TrainerExecutors.all)
  func greedy(_ name: String, _ choice: ExecutorChoice) throws {
    let golden = try FamilyGolden.load(name).greedy
    let model = try LoadedModel.open(FamilyGolden.folder(name), on: choice)
    // transformers reads the text again, with the long factors, where it grows beyond the context of pretraining.
    let short = name == "phi4mini" ? 16 - golden.prompt.count : 0
    var ids: [Int32] = []
    if short > 0 {
      let source = try openModel(at: FamilyGolden.folder(name))
      ids = try LoadedModel(source, executor: choice.make(), contextLength: 16).greedy(golden.prompt, count: short)
    }
    ids += try model.greedy(golden.prompt + ids, count: golden.ids.count - ids.count)
    #expect(ids == golden.ids)
  }

  @Test("windows see the same in a ring as in a cache of the whole context", arguments: TrainerExecutors.all)
  func ring(_ choice: ExecutorChoice) throws {
    for name in ["mistral", "gemma3"] {
      let golden = try FamilyGolden.load(name).greedy
      let model = try LoadedModel.open(FamilyGolden.folder(name), on: choice)
      // Passes of one token make a ring shorter than half of this context.
      let generator = Generator(
        model: model.deviceModel, rope: model.rope, executor: model.executor, contextLength: golden.ids.count + 5,
        promptRows: 1)
      try model.executor.prepare(generator.plans)
      let count = golden.ids.count
      let keys = generator.plans.flatMap(\.slabs).filter { $0.name.hasPrefix("keys") }
      let window = try #require(model.configuration.usedWindow)
      #expect(keys.map(\.elementCount).min() == 2 * window * model.configuration.keyValueWidth)
      func answer(_ prompt: [Int32]) throws -> [Int32] {
        try generator.generate(prompt: prompt, maxTokens: count, stops: [], sampling: .init())
      }
      #expect(try answer(golden.prompt) == golden.ids)
      // A prompt that goes back to where the ring has been overwritten is read again.
      #expect(try answer(golden.prompt) == golden.ids)
    }
  }

  @Test("twenty steps", arguments: FamilyGolden.names, TrainerExecutors.all)
  func trains(_ name: String, _ choice: ExecutorChoice) throws {
    let golden = try FamilyGolden.load(name)
    let settings = try LlamaGolden.decode(
      TrainingGolden.Settings.self, from: TestData.golden("families/settings.json"))
    let trained = try RunFixture()
    var wanted = settings.trainingSettings
    wanted.maxGradNorm = 1
    let recipe = trained.recipe(
      base: .model(FamilyGolden.folder(name)), settings: wanted,
      rounds: [("rows", TestData.golden("families/rows.jsonl"))])
    try trained.run(recipe, on: choice.make())
    let expected = golden.trainingLong ?? golden.training
    let difference = largestDifference(try trained.metrics().map { $0.loss ?? .nan }, expected.losses)
    #expect(difference < 1e-4, "off by \(difference)")
    let final = try openModel(at: trained.rounds.appending(path: "final"))
    #expect(final.configuration == (try openModel(at: FamilyGolden.folder(name)).configuration))
    #expect(expected.finalWeightNorms.count == final.configuration.parameters.count)
    for (name, norm) in expected.finalWeightNorms {
      let square = try final.tensor(name).reduce(0) { $0 + Double($1) * Double($1) }
      #expect(abs(square.squareRoot() / norm - 1) < 1e-4, "\(name)")
    }
  }
}
