import Testing
import Trainer

@Suite("What is adapted")
struct LoRASettingsTests {
  private static let tiny = LlamaConfiguration(
    vocabSize: 50, hiddenSize: 16, intermediateSize: 24, numHiddenLayers: 2, numAttentionHeads: 4, numKeyValueHeads: 2)

  @Test("all-linear is the seven layers of each block, in the model's order, and neither embedding nor head")
  func allLinear() throws {
    let targets = try LoRASettings().targets(in: Self.tiny)
    #expect(targets.count == 14)
    #expect(targets[0].module == "model.layers.0.self_attn.q_proj")
    #expect(targets[13].module == "model.layers.1.mlp.down_proj")
    #expect(targets[1].outFeatures == 8 && targets[1].inFeatures == 16)
    #expect(targets.allSatisfy { $0.scale == 2 })
  }

  @Test("names mean the ends of modules' names; patterns give ranks and alphas, the longest name first")
  func names() throws {
    var settings = LoRASettings()
    settings.targets = .named(["q_proj", "layers.1.mlp.up_proj"])
    (settings.rank, settings.alpha) = (2, 3)
    settings.rankPattern = ["q_proj": 4, "layers.1.self_attn.q_proj": 5]
    settings.alphaPattern = ["up_proj": 8]
    let targets = try settings.targets(in: Self.tiny)
    #expect(
      targets.map(\.module) == [
        "model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj", "model.layers.1.mlp.up_proj",
      ])
    #expect(targets.map(\.rank) == [4, 5, 2] && targets.map(\.alpha) == [3, 3, 8])
    settings.usesRankStabilization = true
    #expect(try settings.targets(in: Self.tiny)[0].scale == 1.5)
  }

  @Test("regular expressions mean what they mean in PEFT: all of a name, or its end from a point on")
  func expressions() throws {
    var settings = LoRASettings()
    settings.targets = .named([#"layers\.1\..*\.[gu].*_proj"#, "(q|v)_proj"])
    settings.rankPattern = ["self_attn.*": 2, "v_proj": 3, #"model\.layers\.0\.self_attn\.v_proj"#: 4]
    let targets = try settings.targets(in: Self.tiny)
    #expect(
      targets.map { String($0.module.dropFirst("model.layers.".count)) } == [
        "0.self_attn.q_proj", "0.self_attn.v_proj", "1.self_attn.q_proj", "1.self_attn.v_proj", "1.mlp.gate_proj",
        "1.mlp.up_proj",
      ])
    #expect(targets.map(\.rank) == [2, 4, 2, 2, 8, 8], "of several patterns the longest counts")
    for text in ["(q_proj", "[z]_proj"] {
      settings.targets = .named([text])
      let error = #expect(throws: LoRASettings.Unsuitable.self) { try settings.targets(in: Self.tiny) }
      #expect(error?.key == "target_modules" && error?.problem.contains(text) == true)
    }
  }

  @Test("a name that means nothing and a rank above a layer's size are refused with the remedy")
  func refusals() {
    var settings = LoRASettings()
    settings.targets = .named(["q_prj"])
    let name = #expect(throws: LoRASettings.Unsuitable.self) { try settings.targets(in: Self.tiny) }
    #expect(name?.key == "target_modules" && name?.remedy.contains("'q_proj'") == true)
    // A part of a name's last component fits no module.
    settings.targets = .named(["proj"])
    #expect(throws: LoRASettings.Unsuitable.self) { try settings.targets(in: Self.tiny) }
    settings.targets = .allLinear
    settings.rank = 9
    let rank = #expect(throws: LoRASettings.Unsuitable.self) { try settings.targets(in: Self.tiny) }
    #expect(rank?.key == "rank" && rank?.remedy == "take a rank of at most 8")
  }

  @Test("rows of tokens: ids that the model has, once each, of a table that nothing else trains")
  func tokenRows() throws {
    var settings = LoRASettings()
    settings.tokenIndices = ["embed_tokens": [7, 3], "lm_head": [3]]
    let rows = try settings.tokenRows(in: Self.tiny)
    #expect(rows.map(\.module) == ["model.embed_tokens", "lm_head"] && rows.map(\.indices) == [[7, 3], [3]])
    #expect(rows[0].parameter.shape == [2, 16])
    var tied = Self.tiny
    tied.tieWordEmbeddings = true
    let faults: [([String: [Int]], LlamaConfiguration)] = [
      (["embed_tokens": [50]], Self.tiny), (["embed_tokens": [3, 3]], Self.tiny), (["q_proj": [3]], Self.tiny),
      (["embed_tokens": [3], "lm_head": [4]], tied), (["lm_head": [4]], tied),
      (["embed_tokens": [3], "model.embed_tokens": [3]], Self.tiny),
    ]
    for (lists, model) in faults {
      settings.tokenIndices = lists
      let error = #expect(throws: LoRASettings.Unsuitable.self) { try settings.tokenRows(in: model) }
      #expect(error?.key == "trainable_token_indices", "\(lists)")
    }
    settings.tokenIndices = ["embed_tokens": [3], "lm_head": [3]]
    #expect(try settings.tokenRows(in: tied).map(\.module) == ["model.embed_tokens"])
    settings.modulesToSave = ["lm_head"]
    #expect(throws: LoRASettings.Unsuitable.self) { try settings.tokenRows(in: tied) }
  }

  @Test("modules to save are embedding, norms and head by the ends of their names; tied, both names mean one matrix")
  func saved() throws {
    var settings = LoRASettings()
    settings.modulesToSave = ["lm_head", "norm", "0.input_layernorm"]
    let found = try settings.savedWeights(in: Self.tiny).map(\.name)
    #expect(found == ["model.layers.0.input_layernorm.weight", "model.norm.weight", "lm_head.weight"])
    var tied = Self.tiny
    tied.tieWordEmbeddings = true
    #expect(
      try settings.savedWeights(in: tied).map(\.name) == [
        "model.embed_tokens.weight", "model.layers.0.input_layernorm.weight", "model.norm.weight",
      ])
    settings.modulesToSave = ["embed_tokens", "lm_head"]
    #expect(try settings.savedWeights(in: tied).count == 1)
    #expect(try settings.savedWeights(in: Self.tiny).count == 2)
    for name in ["embed_token", "q_proj"] {
      settings.modulesToSave = [name]
      let error = #expect(throws: LoRASettings.Unsuitable.self) { try settings.savedWeights(in: tied) }
      #expect(error?.key == "modules_to_save" && error?.remedy.contains("embed_tokens") == true)
    }
  }

  @Test("embedding and head are adapted where they are named, in the model's order, and by no expression that does not")
  func tables() throws {
    var settings = LoRASettings()
    settings.targets = .named(["lm_head", "q_proj", "embed_tokens"])
    let targets = try settings.targets(in: Self.tiny)
    #expect(targets.map(\.module).first == "model.embed_tokens" && targets.map(\.module).last == "lm_head")
    #expect(targets.map(\.kind) == [.embedding, .linear, .linear, .linear])
    let embedding = targets[0]
    #expect(embedding.parameters.map(\.shape) == [[8, 16], [50, 8]])
    #expect(embedding.storedParameters.map(\.shape) == [[16, 8], [8, 50]])
    #expect(embedding.storedParameters[0].name == "base_model.model.model.embed_tokens.lora_embedding_B")
    settings.targets = .named([".*"])
    #expect(try settings.targets(in: Self.tiny).count == 14)
    settings.targets = .named([".*(q_proj|lm_head)"])
    #expect(try settings.targets(in: Self.tiny).map(\.module).last == "lm_head")
    var tied = Self.tiny
    tied.tieWordEmbeddings = true
    settings.betweenRounds = .stack
    #expect(try settings.targets(in: tied).last?.weight == "model.embed_tokens.weight")
  }

  @Test(
    "adapters of embedding and head without magnitudes, beside saved weights and merged into one matrix are refused")
  func tableRefusals() throws {
    var tied = Self.tiny
    tied.tieWordEmbeddings = true
    let changes: [(key: String, configuration: LlamaConfiguration, change: (inout LoRASettings) -> Void)] = [
      ("use_dora", Self.tiny, { $0.usesMagnitudes = true }),
      ("modules_to_save", Self.tiny, { $0.modulesToSave = ["embed_tokens"] }), ("between_rounds", tied, { _ in }),
    ]
    for (key, configuration, change) in changes {
      var settings = LoRASettings()
      settings.targets = .named(["embed_tokens", "q_proj"])
      #expect(throws: Never.self) { try settings.targets(in: Self.tiny) }
      change(&settings)
      let error = #expect(throws: LoRASettings.Unsuitable.self) { try settings.targets(in: configuration) }
      #expect(error?.key == key && error?.problem.contains("embed_tokens") == true, "\(error as Any)")
    }
  }

  @Test("biases are all of the model's, or those of adapted layers")
  func biases() throws {
    var (settings, configuration) = (LoRASettings(), Self.tiny)
    (configuration.attentionBias, settings.targets) = (.all, .named(["q_proj"]))
    #expect(try settings.savedWeights(in: configuration).isEmpty)
    settings.biases = .all
    #expect(try settings.savedWeights(in: configuration).count == 8)
    (settings.biases, settings.modulesToSave) = (.adapted, ["norm"])
    #expect(
      try settings.savedWeights(in: configuration).map(\.name) == [
        "model.layers.0.self_attn.q_proj.bias", "model.layers.1.self_attn.q_proj.bias", "model.norm.weight",
      ])
    #expect(try settings.savedWeights(in: Self.tiny).map(\.name) == ["model.norm.weight"])
  }

  @Test("two adapters joined are the sum of both, and come apart again")
  func joined() throws {
    let target = LoRATarget(
      module: "m", inFeatures: 2, outFeatures: 3, rank: 2, alpha: 4, usesRankStabilization: false)
    let first = LoRAPair(a: [1, 2], b: [3, 4, 5])
    let second = LoRAPair(a: [6, 7, 8, 9], b: [1, 2, 3, 4, 5, 6])
    let joined = target.joined(first, ofRank: 1, second, ofRank: 2)
    #expect(joined.a == [1, 2, 6, 7, 8, 9])
    #expect(joined.b == [3, 1, 2, 4, 3, 4, 5, 5, 6])
    #expect(target.part(joined, ofRank: 3, at: 0..<1) == first)
    #expect(target.part(joined, ofRank: 3, at: 1..<3) == second)
    let wide = target.withRank(3, usesRankStabilization: false, hasMagnitude: false)
    #expect(wide.scale == target.scale && wide.alpha == 6)
  }
}
