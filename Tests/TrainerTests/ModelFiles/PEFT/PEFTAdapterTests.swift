import Foundation
import TestSupport
import Testing
import Trainer

@Suite("Adapters that PEFT wrote")
struct PEFTAdapterTests {
  @Test("a folder that names its base is the merged model", arguments: 0..<17, TrainerExecutors.all)
  func merged(_ index: Int, _ choice: ExecutorChoice) throws {
    let golden = try PEFTGolden.load()
    try expectMerged(golden.runs[index], golden, choice)
  }

  @Test("twenty steps from an adapter give PEFT's losses", arguments: Array(0..<11) + [15, 16], TrainerExecutors.all)
  func trains(_ index: Int, _ choice: ExecutorChoice) throws {
    let golden = try PEFTGolden.load()
    let run = golden.runs[index]
    _ = try expectTrained(run, golden, base: run.model, rows: TrainingGolden.rows, choice)
  }

  @Test("fused matrices: one A, the parts of B and of the magnitudes", arguments: 0..<2, TrainerExecutors.all)
  func fused(_ index: Int, _ choice: ExecutorChoice) throws {
    let golden = try PEFTGolden.loadFamilies()
    let run = golden.runs[index]
    try expectMerged(run, golden, choice)
    let fixture = try expectTrained(
      run, golden, base: FamilyGolden.folder(try #require(run.base)), rows: TestData.golden("families/rows.jsonl"),
      choice)
    // The round's adapter is one of PEFT's modules again: A whole, B as high as the fused matrix.
    let adapter = fixture.rounds.appending(path: "01-rows/adapter_model.safetensors")
    let file = try SafetensorsFile(adapter)
    let module = "base_model.model.model.layers.0.self_attn.qkv_proj"
    let rank = run.rank
    #expect(file.entry(module + ".lora_A.weight")?.shape.first == rank)
    #expect(file.entry(module + ".lora_B.weight")?.shape.last == rank)
  }

  private func expectMerged(_ run: PEFTGolden.Run, _ golden: PEFTGolden, _ choice: ExecutorChoice) throws {
    let model = try LoadedModel.open(run.folder, on: choice)
    let found = try model.tokenLogProbabilities([golden.ids], rowCapacity: golden.ids.count)[0]
    #expect(largestDifference(found, run.logprobs) < 1e-4)
  }

  /// Trains from the run's adapter, and holds losses and norms to PEFT's.
  private func expectTrained(
    _ run: PEFTGolden.Run, _ golden: PEFTGolden, base: URL, rows: URL, _ choice: ExecutorChoice
  ) throws -> RunFixture {
    let fixture = try RunFixture()
    var settings = golden.settings.trainingSettings
    settings.maxGradNorm = 1
    if let rate = run.learningRate { settings.learningRate = rate }
    if let decay = run.weightDecay { settings.weightDecay = decay }
    var recipe = fixture.recipe(base: .model(base), settings: settings, rounds: [("rows", rows)])
    recipe.method = .lora(run.settings, initial: run.folder)
    if let kind = run.optimizer.flatMap(OptimizerSettings.Kind.init) { recipe.optimizer.kind = kind }
    try fixture.run(recipe, on: choice.make())
    let lines = try fixture.metrics()
    let (losses, norms) = (try #require(run.losses), try #require(run.gradNorms))
    #expect(largestDifference(lines.map { $0.loss ?? .nan }, losses) < 1e-4)
    let relative = zip(lines, norms).map { ($0.gradNorm ?? .nan) / $1 }
    #expect(largestDifference(relative, norms.map { _ in 1 }) < 3e-3)
    return fixture
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
    let apart = #expect(throws: FileError.self) { try openModel(at: TrainingGolden.model, adapter: folder) }
    #expect(apart?.kind == .unsupported && apart?.remedy.contains("ensure_weight_tying") == true)
    let name = try #require(whole.range(of: Data(key.utf8)))
    changed = whole
    changed.replaceSubrange(name, with: Data(key.replacing("lm_head", with: "my_head").utf8))
    try changed.write(to: weights)
    #expect(throws: FileError.self) { try openModel(at: TrainingGolden.model, adapter: folder) }
    let other = #expect(throws: FileError.self) {
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

  /// Effect of a value of a key.
  private enum Effect {
    case refused
    case changes
    case nothing
  }

  /// Every key of the configuration with a value that is not its default, and what it does here.
  private static var keys: [(key: String, value: Any, effect: Effect)] {
    [
      ("alora_invocation_tokens", [5], .refused), ("alpha_pattern", ["q_proj": 3], .changes),
      ("arrow_config", ["top_k": 2], .refused), ("auto_mapping", ["base_model_class": "x"], .nothing),
      ("base_model_name_or_path", "nobody/nothing", .refused), ("bias", "lora_only", .nothing),
      ("corda_config", ["corda_method": "ipm"], .nothing), ("ensure_weight_tying", true, .nothing),
      ("eva_config", ["rho": 2], .nothing), ("exclude_modules", ["k_proj"], .nothing),
      ("fan_in_fan_out", true, .refused), ("inference_mode", false, .nothing), ("init_lora_weights", "pissa", .refused),
      ("kasa_config", ["beta": 1], .refused), ("layer_replication", [[0, 1]], .refused),
      ("layers_pattern", "layers", .nothing), ("layers_to_transform", [0, 1], .nothing),
      ("loftq_config", ["loftq_bits": 4], .nothing), ("lora_alpha", 5, .changes), ("lora_bias", true, .refused),
      ("lora_dropout", 0.5, .nothing), ("lora_ga_config", ["direction": "ArBr"], .nothing),
      ("megatron_config", ["x": 1], .nothing), ("megatron_core", "other", .nothing),
      ("modules_to_save", ["norm"], .nothing), ("monteclora_config", ["x": 1], .refused),
      ("peft_type", "IA3", .refused),
      ("peft_version", "9", .nothing), ("qalora_group_size", 4, .nothing), ("r", 7, .refused),
      ("rank_pattern", ["q_proj": 7], .refused), ("revision", "main", .nothing), ("runtime_config", ["x": 1], .nothing),
      ("target_modules", ["q_proj"], .nothing), ("target_parameters", ["x"], .refused),
      ("task_type", "SEQ_CLS", .nothing),
      // The file has no rows of tokens.
      ("trainable_token_indices", [3], .refused), ("use_bdlora", ["x": 1], .refused), ("use_dora", true, .refused),
      ("use_qalora", true, .refused), ("use_rslora", false, .changes), ("velora_config", ["x": 1], .nothing),
    ]
  }

  @Test("every key of PEFT's configuration is honoured, refused by name, or changes no number", arguments: keys.indices)
  func key(_ index: Int) throws {
    let (key, value, effect) = Self.keys[index]
    let fixture = try RunFixture()
    let weight = "model.layers.0.self_attn.q_proj.weight"
    func merged(_ folder: URL) throws -> [Float] { try openModel(at: folder).tensor(weight) }
    let plain = try merged(Self.changed("r", 5, in: fixture))
    let other = try RunFixture()
    let folder = try Self.changed(key, value, in: other)
    switch effect {
    case .refused:
      let error = #expect(throws: FileError.self) { try openModel(at: folder) }
      #expect("\(error as Any)".contains(key == "base_model_name_or_path" ? "nobody/nothing" : key))
    case .changes: #expect(try merged(folder) != plain)
    case .nothing:
      #expect(try merged(folder) == plain)
      #expect(try openModel(at: folder).notes.isEmpty)
    }
  }

  @Test("the table has every key that PEFT writes")
  func allKeys() throws {
    struct Known: Decodable { let keys: [String] }
    let known = try JSONDecoder().decode(Known.self, from: Data(contentsOf: TestData.golden("peft/config_keys.json")))
    #expect(known.keys.count > 35)
    #expect(Set(known.keys).subtracting(Self.keys.map(\.key)).isEmpty)
  }

  @Test("first numbers that take a part out of the base are refused by every way in; others are not")
  func initialisations() throws {
    let remedy = "path_initial_model_for_weight_conversion"
    for name in ["pissa", "pissa_niter_4", "olora", "corda", "loftq", "lora_ga", "of-tomorrow"] {
      let fixture = try RunFixture()
      let folder = try Self.changed("init_lora_weights", name, in: fixture)
      var continued = fixture.recipe(
        base: .model(TrainingGolden.model), settings: RunFixture.settings(steps: 1, saveSteps: 1),
        rounds: [("rows", TrainingGolden.rows)])
      continued.method = .lora(try PEFTGolden.load().runs[1].settings, initial: folder)
      for open in [
        { _ = try openModel(at: folder) }, { _ = try openModel(at: TrainingGolden.model, adapter: folder) },
        { _ = try RunInputs(continued) { _ in } },
      ] {
        let error = #expect(throws: FileError.self, performing: open)
        #expect(error?.problem.contains("init_lora_weights is \"\(name)\"") == true, "\(error as Any)")
        #expect(error?.remedy.contains(remedy) == true)
      }
    }
    for value in [true, false, NSNull(), "gaussian", "eva", "orthogonal", "mica"] as [Any] {
      let fixture = try RunFixture()
      let folder = try Self.changed("init_lora_weights", value, in: fixture)
      #expect(throws: Never.self) { try openModel(at: folder) }
    }
  }

  @Test("a key that nobody knows is remarked on where it says something")
  func unknownKey() throws {
    let fixture = try RunFixture()
    let said = try openModel(at: Self.changed("use_tomorrow", 3, in: fixture)).notes
    #expect(said.count == 1 && said[0].contains("\"use_tomorrow\""), "\(said)")
    let silent = try RunFixture()
    #expect(try openModel(at: Self.changed("use_tomorrow", false, in: silent)).notes.isEmpty)
  }

  @Test("an adapter of another shape of model, and one without its base, are refused")
  func foreign() throws {
    let other = TestData.golden("llama/biases")
    let shape = #expect(throws: FileError.self) {
      try openModel(at: other, adapter: TestData.golden("peft/all-linear"))
    }
    #expect(shape?.kind == .invalid && shape?.remedy.contains("this base") == true)
    let fixture = try RunFixture()
    let folder = try Self.changed("base_model_name_or_path", "nobody/nothing", in: fixture)
    let base = #expect(throws: FileError.self) { try openModel(at: folder) }
    #expect(base?.kind == .notFound && base?.problem.contains("nobody/nothing") == true)
    _ = try openModel(at: TrainingGolden.model, adapter: folder)
  }
}
