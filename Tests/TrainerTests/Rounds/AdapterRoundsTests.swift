import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("Rounds of adapters")
struct AdapterRoundsTests {
  /// Three rounds on a model that one round of full training made.
  static func recipe(
    _ fixture: RunFixture, _ mode: LoRASettings.BetweenRounds, magnitudes: Bool = false, dropout: Double = 0,
    saving: [String] = []
  ) throws -> Recipe {
    let rounds = try ["one", "two", "three"].map {
      (name: $0, train: try fixture.write($0 + ".jsonl", word: $0, rows: 20))
    }
    let valid = try ["one", "two", "three"].map { try fixture.write($0 + "-valid.jsonl", word: $0, rows: 5, from: 20) }
    var recipe = fixture.recipe(
      base: .model(try base()), settings: RunFixture.settings(steps: 6, saveSteps: 2), rounds: rounds, valid: valid)
    var settings = LoRASettings()
    (settings.rank, settings.alpha, settings.betweenRounds, settings.dropout) = (4, 8, mode, dropout)
    (settings.usesMagnitudes, settings.modulesToSave) = (magnitudes, saving)
    recipe.method = .lora(settings, initial: nil)
    return recipe
  }

  /// A small model with a tokenizer, made once.
  private static let made = Result { () -> (RunFixture, URL) in
    let fixture = try RunFixture()
    let train = try fixture.write("base.jsonl", word: "base", rows: 20)
    try fixture.run(
      fixture.recipe(settings: RunFixture.settings(steps: 10, saveSteps: 50), rounds: [("base", train)]),
      on: CPUExecutor<Float>())
    return (fixture, fixture.rounds.appending(path: "01-base"))
  }

  private static func base() throws -> URL { try made.get().1 }

  /// The held-out loss of the first round's rows, of a round's folder opened as a model.
  private static func loss(_ fixture: RunFixture, _ round: String, on choice: ExecutorChoice) throws -> Double {
    let model = try LoadedModel.open(fixture.rounds.appending(path: round), on: choice)
    let dataset = try Dataset.load(
      name: "one", files: RowFiles(fixture.folder.appending(path: "one-valid.jsonl")), tokenizer: model.tokenizer,
      vocabularySize: model.configuration.vocabSize, sequenceLength: 48)
    let evaluator = LossEvaluator(
      model: model.deviceModel, rope: model.rope, executor: model.executor, rowCapacity: 512)
    try model.executor.prepare([evaluator.plan])
    return try evaluator.meanLoss(dataset.samples).loss
  }

  private static func adapter(_ fixture: RunFixture, _ round: String) throws -> Data {
    try Data(contentsOf: fixture.rounds.appending(path: round + "/adapter_model.safetensors"))
  }

  @Test(
    "each round's folder is a whole adapter of the base, whose loss is the one the run measured",
    arguments: modes, TrainerExecutors.all)
  func folders(_ mode: (between: LoRASettings.BetweenRounds, magnitudes: Bool), _ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture, mode.between, magnitudes: mode.magnitudes)
    let (_, notes) = try fixture.run(recipe, on: choice.make())
    let matrix = try LlamaGolden.decode(TransferRecord.self, from: fixture.output.appending(path: "transfer.json"))
    for (index, name) in ["01-one", "02-two", "03-three"].enumerated() {
      let folder = fixture.rounds.appending(path: name)
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "model.safetensors").path))
      #expect(abs(try Self.loss(fixture, name, on: choice) - (matrix.loss[index + 1][0] ?? .nan)) < 1e-4, "\(name)")
    }
    #expect(try #require(matrix.loss[3][0]) < (try #require(matrix.loss[0][0])))
    // The difference that merging, or setting aside, made to the logits is said.
    let folded = notes.filter { $0.contains("is folded into the model") }
    #expect(folded.count == (mode.between == .continue ? 0 : 2), "\(notes)")
    for note in folded {
      let words = note.split(separator: " ")
      #expect(try #require(Float(words[words.count - 1])) < 1e-4, "\(note)")
    }
    let expected = mode.between == .continue ? [4, 4, 4] : [4, 8, 12]
    let ranks = try ["01-one", "02-two", "03-three"].map { round in
      try PEFTAdapter(fixture.rounds.appending(path: round), for: openModel(at: Self.base()).configuration)
        .targets[0].rank
    }
    #expect(ranks == expected)
  }

  private struct TransferRecord: Decodable {
    let loss: [[Double?]]
  }

  /// The fates of an adapter, without and with magnitudes.
  private static let modes: [(between: LoRASettings.BetweenRounds, magnitudes: Bool)] =
    LoRASettings.BetweenRounds.allCases.flatMap { [($0, false), ($0, true)] }

  @Test("merging and stacking are the same function: their losses agree", arguments: [false, true])
  func mergedOrStacked(_ magnitudes: Bool) throws {
    let losses = try [LoRASettings.BetweenRounds.merge, .stack].map { mode in
      let fixture = try RunFixture()
      try fixture.run(try Self.recipe(fixture, mode, magnitudes: magnitudes), on: CPUExecutor<Float>())
      return try fixture.metrics().map { $0.loss ?? .nan }
    }
    #expect(losses[0].count == 18 && largestDifference(losses[0], losses[1]) < 1e-4)
  }

  @Test(
    "a run that crashed goes on to the same bits, in every mode, dropout too",
    arguments: modes, [(2, 1), (2, 5), (3, 3)])
  func resumes(
    _ mode: (between: LoRASettings.BetweenRounds, magnitudes: Bool), _ crash: (round: Int, step: Int)
  ) throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture, mode.between, magnitudes: mode.magnitudes, dropout: 0.1)
    let copy = fixture.folder.appending(path: "crashed")
    let executor = { try #require(TrainerExecutors.all.last).make() }
    try fixture.run(recipe, on: try executor()) { line in
      guard line.round == crash.round, line.step == crash.step else { return }
      try? FileManager.default.copyItem(at: fixture.output, to: copy)
    }
    let whole = try Self.adapter(fixture, "03-three")
    let losses = try fixture.metrics().map(\.loss)
    try FileManager.default.removeItem(at: fixture.output)
    try FileManager.default.moveItem(at: copy, to: fixture.output)
    try fixture.run(recipe, on: try executor(), resuming: true)
    #expect(try Self.adapter(fixture, "03-three") == whole)
    #expect(try fixture.metrics().map(\.loss) == losses)
  }

  @Test(
    "weights that are trained themselves go on from round to round; their folder is the model that was measured",
    arguments: [LoRASettings.BetweenRounds.merge, .continue, .stack], TrainerExecutors.all)
  func savedWeights(_ mode: LoRASettings.BetweenRounds, _ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture, mode, saving: ["embed_tokens", "lm_head", "norm"])
    let copy = fixture.folder.appending(path: "crashed")
    let (_, notes) = try fixture.run(recipe, on: choice.make()) { line in
      guard line.round == 3, line.step == 3 else { return }
      try? FileManager.default.copyItem(at: fixture.output, to: copy)
    }
    for note in notes where note.contains("is folded into the model") {
      #expect(try #require(Float(note.split(separator: " ").last ?? "")) < 1e-4, "\(note)")
    }
    let matrix = try LlamaGolden.decode(TransferRecord.self, from: fixture.output.appending(path: "transfer.json"))
    for (index, name) in ["01-one", "02-two", "03-three"].enumerated() {
      #expect(abs(try Self.loss(fixture, name, on: choice) - (matrix.loss[index + 1][0] ?? .nan)) < 1e-4, "\(name)")
    }
    let base = try openModel(at: Self.base())
    let trained = try ["02-two", "03-three"].map { try openModel(at: fixture.rounds.appending(path: $0)) }
    for name in ["model.embed_tokens.weight", "model.norm.weight"] {
      let values = try [base, trained[0], trained[1]].map { try $0.tensor(name) }
      #expect(values[0] != values[1] && values[1] != values[2], "\(name)")
    }
    let whole = try Self.adapter(fixture, "03-three")
    try FileManager.default.removeItem(at: fixture.output)
    try FileManager.default.moveItem(at: copy, to: fixture.output)
    try fixture.run(recipe, on: choice.make(), resuming: true)
    #expect(try Self.adapter(fixture, "03-three") == whole)
  }

  @Test("a new DoRA adapter changes nothing", arguments: TrainerExecutors.all)
  func freshMagnitudes(_ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture, .continue)
    let plain = try fixture.run(recipe, on: choice.make()).summary.rounds.count
    let first = try fixture.metrics()[0].loss ?? .nan
    let other = try RunFixture()
    recipe = try Self.recipe(other, .continue, magnitudes: true)
    try other.run(recipe, on: choice.make())
    let second = try other.metrics()[0].loss ?? .nan
    #expect(plain == 3 && abs(second - first) < 1e-5)
  }

  @Test("the base's weights are not trained: gradients and moments are the adapter's alone")
  func memory() throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture, .merge)
    try fixture.run(recipe, on: CPUExecutor<Float>())
    let adapted = try fixture.record("03-three").plannedBytes
    let full = try RunFixture()
    recipe = try Self.recipe(full, .merge)
    recipe.method = .full
    try full.run(recipe, on: CPUExecutor<Float>())
    let saved = try full.record("03-three").plannedBytes - adapted
    // Three copies of the weights that are not made, less what the adapters take.
    let weights = try openModel(at: Self.base()).configuration.parameterCount * 4
    #expect(saved > weights)
  }

  @Test("an adapter of a model that starts from nothing is refused, and so is a base that is another")
  func refusals() throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture, .merge)
    recipe.base = .preset(name: "tiny", tokenizer: .bytes(vocabularySize: 300))
    let error = #expect(throws: RoundError.self) { try fixture.run(recipe, on: CPUExecutor<Float>()) }
    #expect(error?.exitCode == 65)
    #expect(!FileManager.default.fileExists(atPath: fixture.output.path))

    recipe = try Self.recipe(fixture, .merge)
    try fixture.run(recipe, on: CPUExecutor<Float>())
    let other = try RunFixture()
    let train = try other.write("base.jsonl", word: "other", rows: 20)
    try other.run(
      other.recipe(settings: RunFixture.settings(steps: 3, saveSteps: 50), rounds: [("base", train)]),
      on: CPUExecutor<Float>())
    let foreign = #expect(throws: FileError.self) {
      try openModel(
        at: other.rounds.appending(path: "01-base"), adapter: fixture.rounds.appending(path: "01-one"))
    }
    #expect(foreign?.problem.contains("other weights") == true)
  }
}
