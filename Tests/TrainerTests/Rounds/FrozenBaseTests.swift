import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("Adapters on a base in fewer bits")
struct FrozenBaseTests {
  /// A model with linear layers of whole blocks, made once.
  private static let model = Result { () -> RunFixture in
    let fixture = try RunFixture()
    var small = SmallLlama()
    small.configuration.hiddenSize = 64
    small.configuration.intermediateSize = 128
    small.configuration.numAttentionHeads = 4
    small.configuration.numKeyValueHeads = 2
    small.configuration.headDim = 16
    small.configuration.vocabSize = 300
    small.configuration.maxPositionEmbeddings = 64
    try HuggingFaceWriter.write(small.configuration, to: fixture.folder.appending(path: "small")) { [small] name in
      small.weights(name).map { $0 / 8 }
    }
    return fixture
  }

  static func folder() throws -> URL { try model.get().folder.appending(path: "small") }

  /// Rows of ids, so that no tokenizer is needed.
  private static func rows(_ fixture: RunFixture, _ name: String, first: Int) throws -> URL {
    let file = fixture.folder.appending(path: name + ".jsonl")
    let lines = (0..<12).map { row in
      let ids = (0..<10).map { (first + row + $0 * $0) % 290 }
      return "{\"input_ids\": \(ids), \"labels\": \(ids)}"
    }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
    return file
  }

  static func recipe(_ fixture: RunFixture, _ base: URL, _ storage: BaseStorage) throws -> Recipe {
    let rounds = try [("one", 3), ("two", 50)].map { (name: $0.0, train: try rows(fixture, $0.0, first: $0.1)) }
    var recipe = fixture.recipe(
      base: .model(base), settings: RunFixture.settings(steps: 8, saveSteps: 3), rounds: rounds,
      valid: try [rows(fixture, "one-valid", first: 20), rows(fixture, "two-valid", first: 70)])
    var settings = LoRASettings()
    (settings.rank, settings.alpha, settings.betweenRounds) = (4, 8, .stack)
    recipe.method = .lora(settings, initial: nil)
    recipe.baseStorage = storage
    return recipe
  }

  @Test(
    "a run learns, and an OpenCL device does what the fallback does", .onOpenCL,
    arguments: [BaseStorage.bf16, .int8, .nf4])
  func learns(_ storage: BaseStorage) throws {
    let losses = try TrainerExecutors.all.map { choice in
      let fixture = try RunFixture()
      var recipe = try AdapterRoundsTests.recipe(fixture, .stack)
      recipe.baseStorage = storage
      try fixture.run(recipe, on: choice.make())
      return try fixture.metrics().map { $0.loss ?? .nan }
    }
    #expect(losses[0].count == 18 && losses[0][5] < losses[0][0])
    #expect(largestDifference(losses[0], losses[1]) < 1e-4)
  }

  @Test("a base's own blocks give the bits that the same numbers in float32 give", arguments: TrainerExecutors.all)
  func gguf(_ choice: ExecutorChoice) throws {
    let file = try Self.model.get().folder.appending(path: "small-\(choice).gguf")
    try GGUFWriter.write(openModel(at: Self.folder()), as: .q8_0, vocabulary: nil, to: file)
    let types = BaseStorage.gguf.types(of: try openModel(at: file).configuration, source: try openModel(at: file))
    #expect(types["model.layers.0.self_attn.q_proj.weight"] == .q8_0)
    let losses = try [BaseStorage.fp32, .gguf].map { storage in
      let fixture = try RunFixture()
      try fixture.run(try Self.recipe(fixture, file, storage), on: choice.make())
      return try fixture.metrics().map { $0.loss ?? .nan }
    }
    #expect(losses[0].count == 16 && losses[0] == losses[1])
  }

  @Test("a run that crashed goes on to the same bits")
  func resumes() throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture, Self.folder(), .nf4)
    let copy = fixture.folder.appending(path: "crashed")
    let executor = { try #require(TrainerExecutors.all.last).make() }
    try fixture.run(recipe, on: try executor()) { line in
      guard line.round == 2, line.step == 5 else { return }
      try? FileManager.default.copyItem(at: fixture.output, to: copy)
    }
    let whole = try fixture.metrics().map(\.loss)
    try FileManager.default.removeItem(at: fixture.output)
    try FileManager.default.moveItem(at: copy, to: fixture.output)
    try fixture.run(recipe, on: try executor(), resuming: true)
    #expect(try fixture.metrics().map(\.loss) == whole)
  }

  @Test(
    "a base in host memory gives the same bits, from a part of the device's, as planned",
    arguments: [(BaseStorage.fp32, false), (.fp32, true), (.nf4, false)], TrainerExecutors.all)
  func offloaded(_ base: (storage: BaseStorage, hasMagnitudes: Bool), _ choice: ExecutorChoice) throws {
    let runs = try [false, true].map { offloads in
      let fixture = try RunFixture()
      var recipe = try Self.recipe(fixture, Self.folder(), base.storage)
      var settings = LoRASettings()
      settings.usesMagnitudes = base.hasMagnitudes
      settings.betweenRounds = .stack
      // Of the base no matrix is left on the device.
      settings.modulesToSave = ["embed_tokens", "lm_head"]
      recipe.method = .lora(settings, initial: nil)
      recipe.memory = MemorySettings(recompute: .block, offloadsBase: offloads)
      let executor = try choice.make()
      try fixture.run(recipe, on: executor)
      let record = try fixture.record("02-two")
      #expect(abs(Double(record.plannedBytes) / Double(record.peakBytes) - 1) < 0.02)
      let adapter = try Data(contentsOf: fixture.rounds.appending(path: "02-two/adapter_model.safetensors"))
      let lines = try fixture.metrics()
      return (adapter: adapter, lines: lines, bytes: record.plannedBytes)
    }
    #expect(runs[0].lines.map(\.loss) == runs[1].lines.map(\.loss) && runs[0].adapter == runs[1].adapter)
    let linear = try openModel(at: Self.folder()).configuration.linearModules
    let isFallback = if case .fallback = choice { true } else { false }
    let dtype = !isFallback && base.storage == .nf4 ? DType.nf4 : .float32
    let bytes = linear.reduce(0) { $0 + dtype.byteCount($1.inFeatures * $1.outFeatures) }
    #expect(runs[0].bytes - runs[1].bytes > bytes / 4, "\(runs.map(\.bytes)), \(bytes)")
    // Forward, and once more when a block's activations are made again.
    guard !isFallback else { return }
    let sent = runs.map { $0.lines[1].bytesToDevice }
    #expect(sent[1] - sent[0] == 2 * bytes, "\(sent), \(bytes)")
  }

  @Test(
    "what cannot stay in host memory is refused at its key",
    arguments: [
      ("{type: full}", "block", "method.type full"), ("{type: lora}", "block", "between_rounds: stack"),
      ("{type: lora, between_rounds: stack}", "attention", "recompute: block"),
    ])
  func notOffloaded(_ method: String, _ recompute: String, _ words: String) throws {
    let fixture = try RunFixture()
    let file = fixture.folder.appending(path: "recipe.yaml")
    try Data(try Self.recipe(fixture, Self.folder(), .fp32).yaml.utf8).write(to: file)
    let error = try #require(throws: RecipeError.self) {
      try Recipe.load(file, overrides: ["method=" + method, "recompute=" + recompute, "offload_base=true"])
    }
    #expect(error.message.contains(words) && error.message.hasPrefix("offload_base"), "\(error)")
  }

  @Test("the plan counts what the device keeps", arguments: [BaseStorage.bf16, .int8, .nf4], TrainerExecutors.all)
  func planned(_ storage: BaseStorage, _ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture, Self.folder(), storage)
    let executor = try choice.make()
    try fixture.run(recipe, on: executor)
    let record = try fixture.record("02-two")
    #expect(abs(Double(record.plannedBytes) / Double(record.peakBytes) - 1) < 0.02)
  }

  @Test("4 bits of SmolLM2's linear layers are less than 0.16 of their float32, 7B's base of 24 GiB fits in 6")
  func sizes() throws {
    let smol = try #require(LlamaConfiguration.preset("SmolLM2-135M"))
    let types = BaseStorage.nf4.types(of: smol)
    let linear = smol.parameters.filter { types[$0.name] == .nf4 }
    #expect(linear.count == 210)
    let bytes = linear.reduce(0) { $0 + DType.nf4.byteCount($1.elementCount) }
    let floats = linear.reduce(0) { $0 + 4 * $1.elementCount }
    #expect(Double(bytes) / Double(floats) < 0.16, "\(Double(bytes) / Double(floats))")
    let seven = try #require(LlamaConfiguration.preset("7B"))
    let all = seven.parameters.reduce(0) {
      $0 + (BaseStorage.nf4.types(of: seven)[$1.name] ?? .float32).byteCount($1.elementCount)
    }
    #expect(all < 6 << 30)
  }

  @Test("blocks of a file that has none are asked for in vain")
  func refusals() throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture, Self.folder(), .gguf)
    let error = #expect(throws: RoundError.self) { try fixture.run(recipe, on: CPUExecutor<Float>()) }
    #expect(error?.exitCode == 65 && error?.description.contains("base.dtype") == true)
    #expect(!FileManager.default.fileExists(atPath: fixture.output.path))
  }
}
