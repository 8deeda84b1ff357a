import Foundation
import TestSupport
import Testing
import Trainer

@Suite("Adapters that PEFT wrote")
struct PEFTAdapterTests {
  @Test("a folder that names its base is the merged model", arguments: 0..<4, TrainerExecutors.all)
  func merged(_ index: Int, _ choice: ExecutorChoice) throws {
    let golden = try PEFTGolden.load()
    let run = golden.runs[index]
    let model = try LoadedModel.open(run.folder, on: choice)
    let found = try model.tokenLogProbabilities([golden.ids], rowCapacity: golden.ids.count)[0]
    #expect(largestDifference(found, run.logprobs) < 1e-4)
  }

  @Test("twenty steps from an adapter give PEFT's losses", arguments: 0..<4, TrainerExecutors.all)
  func trains(_ index: Int, _ choice: ExecutorChoice) throws {
    let golden = try PEFTGolden.load()
    let run = golden.runs[index]
    let fixture = try RunFixture()
    var settings = golden.settings.trainingSettings
    settings.maxGradNorm = 1
    var recipe = fixture.recipe(
      base: .model(TrainingGolden.model), settings: settings, rounds: [("rows", TrainingGolden.rows)])
    recipe.method = .lora(run.settings, initial: run.folder)
    try fixture.run(recipe, on: choice.make())
    let lines = try fixture.metrics()
    #expect(largestDifference(lines.map { $0.loss ?? .nan }, run.losses) < 1e-4)
    let relative = zip(lines, run.gradNorms).map { ($0.gradNorm ?? .nan) / $1 }
    #expect(largestDifference(relative, run.gradNorms.map { _ in 1 }) < 3e-3)
  }

  @Test("an adapter that parts the embedding from the projection it is tied to is refused, and so are other shapes")
  func parted() throws {
    let fixture = try RunFixture()
    let folder = fixture.folder.appending(path: "parted")
    try FileManager.default.copyItem(at: TestData.golden("peft/saved"), to: folder)
    let weights = folder.appending(path: "adapter_model.safetensors")
    let whole = try Data(contentsOf: weights)
    let key = "base_model.model.lm_head.weight"
    let head = try #require(try SafetensorsFile(weights).entry(key))
    var changed = whole
    changed[head.byteRange.lowerBound] ^= 1
    try changed.write(to: weights)
    let apart = #expect(throws: CheckpointError.self) { try openModel(at: TrainingGolden.model, adapter: folder) }
    #expect(apart?.kind == .unsupported && apart?.remedy.contains("ensure_weight_tying") == true)
    let name = try #require(whole.range(of: Data(key.utf8)))
    changed = whole
    changed.replaceSubrange(name, with: Data(key.replacing("lm_head", with: "my_head").utf8))
    try changed.write(to: weights)
    #expect(throws: CheckpointError.self) { try openModel(at: TrainingGolden.model, adapter: folder) }
    let other = #expect(throws: CheckpointError.self) {
      try openModel(at: TestData.golden("llama/biases"), adapter: TestData.golden("peft/saved"))
    }
    #expect(other?.kind == .invalid)
  }

  @Test("an adapter's folder is looked at as the model that it makes")
  func inspected() throws {
    let inspection = try ModelInspection(TestData.golden("peft/all-linear"))
    #expect(inspection.format.hasPrefix("a LoRA adapter on"))
    #expect(inspection.parameters == (try openModel(at: TrainingGolden.model).configuration.parameterCount))
  }

  /// An adapter's folder with one key changed.
  private static func changed(_ key: String, _ value: Any, in fixture: RunFixture) throws -> URL {
    let folder = fixture.folder.appending(path: "adapter")
    try FileManager.default.copyItem(at: TestData.golden("peft/rslora"), to: folder)
    let file = folder.appending(path: "adapter_config.json")
    var object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    object["base_model_name_or_path"] = TrainingGolden.model.path
    object[key] = value
    try JSONSerialization.data(withJSONObject: object).write(to: file)
    return folder
  }

  @Test("what cannot be honoured is refused with the key")
  func unsupported() throws {
    for (key, value) in [("lora_bias", true), ("peft_type", "IA3"), ("bias", "all")] as [(String, Any)] {
      let fixture = try RunFixture()
      let folder = try Self.changed(key, value, in: fixture)
      let error = #expect(throws: CheckpointError.self) { try openModel(at: folder) }
      #expect(error?.kind == .unsupported && error?.problem.contains(key) == true, "\(key): \(error.debugDescription)")
    }
  }

  @Test("an adapter of another shape of model, and one without its base, are refused")
  func foreign() throws {
    let other = TestData.golden("llama/biases")
    let shape = #expect(throws: CheckpointError.self) {
      try openModel(at: other, adapter: TestData.golden("peft/all-linear"))
    }
    #expect(shape?.kind == .invalid && shape?.remedy.contains("this base") == true)
    let fixture = try RunFixture()
    let folder = try Self.changed("base_model_name_or_path", "nobody/nothing", in: fixture)
    let base = #expect(throws: CheckpointError.self) { try openModel(at: folder) }
    #expect(base?.kind == .notFound && base?.problem.contains("nobody/nothing") == true)
    _ = try openModel(at: TrainingGolden.model, adapter: folder)
  }
}
