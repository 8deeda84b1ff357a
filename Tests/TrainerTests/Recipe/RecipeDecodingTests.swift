import Foundation
import Testing

import Trainer

@Suite("Recipe decoding")
struct RecipeDecodingTests {
  @Test("what is left out has the documented default")
  func defaults() throws {
    let recipe = try RecipeFixture().load()
    #expect(recipe.seed == 0)
    #expect(recipe.device == nil)
    #expect(recipe.method == .full)
    #expect(recipe.precision == .fp32)
    #expect(recipe.allowLeaks.isEmpty)
    let settings = recipe.defaults
    #expect(settings.sequenceLength == 512)
    #expect(settings.packing)
    #expect(settings.shuffle)
    #expect(settings.perDeviceTrainBatchSize == 4)
    #expect(settings.gradientAccumulationSteps == 1)
    #expect(settings.duration == .steps(100))
    #expect(settings.learningRate == 1e-4)
    #expect(settings.lrSchedulerType == .cosine)
    #expect(settings.warmupSteps == 5)
    #expect(settings.minLearningRateRatio == 0.1)
    #expect(settings.weightDecay == 0.1)
    #expect(settings.adamBeta1 == 0.9)
    #expect(settings.adamBeta2 == 0.95)
    #expect(settings.adamEpsilon == 1e-8)
    #expect(settings.maxGradNorm == 1)
    #expect(settings.objective == ReadingOrder(forward: 1, reverse: 0))
    #expect(settings.objective.unit == .token && settings.objective.longestSegment == 25)
    #expect(settings.objective.marker == nil)
    #expect(settings.union == UnionSettings(sampling: .equal, replayFraction: nil, examples: nil))
    #expect(settings.loggingSteps == 1)
    #expect(settings.saveSteps == 50)
    #expect(settings.evalSteps == nil)
    #expect(settings.maxForgetting == nil)
    #expect(recipe.rounds.map(\.settings) == [settings, settings])
  }

  @Test("relative paths begin at the recipe's folder")
  func paths() throws {
    let fixture = try RecipeFixture()
    let recipe = try fixture.load("rounds.0.train=../x/./a.jsonl")
    #expect(recipe.outputDirectory.path == fixture.folder.path + "/runs/demo")
    #expect(recipe.base == .model(URL(fileURLWithPath: fixture.folder.path + "/models/small").standardizedFileURL))
    #expect(recipe.rounds[0].train.path == fixture.folder.deletingLastPathComponent().path + "/x/a.jsonl")
    #expect(recipe.rounds[0].valid == nil)
    #expect(recipe.rounds[1].valid?.path == "/data/b.jsonl")
  }

  @Test("a preset takes a trained tokenizer, a tokenizer's path, or none")
  func presets() throws {
    let fixture = try RecipeFixture()
    #expect(
      try fixture.load("base={preset: tiny, tokenizer: {vocab_size: 2048}}").base
        == .preset(name: "tiny", tokenizer: .bytes(vocabularySize: 2048)))
    #expect(
      try fixture.load("base={preset: tiny, tokenizer: /t/tokenizer.json}").base
        == .preset(name: "tiny", tokenizer: .file(URL(fileURLWithPath: "/t/tokenizer.json"))))
    #expect(try fixture.load("base={preset: tiny}").base == .preset(name: "tiny", tokenizer: nil))
    let named = try fixture.load("base.tokenizer=/t/tokenizer.json")
    #expect(named.baseTokenizer?.path == "/t/tokenizer.json" && named.yaml.contains("tokenizer: \"/t/tokenizer.json\""))
    #expect(try fixture.load("base={preset: tiny, tokenizer: /t}").baseTokenizer == nil)
    #expect(fixture.error("base.tokenizer={vocab_size: 300}")?.message.contains("would be learned") == true)
    #expect(fixture.error("base.preset=tiny")?.message.contains("base.preset stands beside base.model") == true)
  }

  @Test("a base in fewer bits stacks its adapters where nothing is said", arguments: ["bf16", "int8", "nf4", "gguf"])
  func storage(_ name: String) throws {
    let fixture = try RecipeFixture()
    #expect(try fixture.load().baseStorage == .fp32)
    let recipe = try fixture.load("base.dtype=\(name)", "method.type=lora")
    #expect(recipe.baseStorage.rawValue == name)
    guard case .lora(let settings, _) = recipe.method else { return #expect(Bool(false), "\(recipe.method)") }
    #expect(settings.betweenRounds == .stack)
    let trainedOn = try fixture.load("base.dtype=\(name)", "method={type: lora, between_rounds: continue}")
    guard case .lora(let kept, _) = trainedOn.method else { return #expect(Bool(false)) }
    #expect(kept.betweenRounds == .continue)
  }

  /// Every training key with a value that is not its default.
  static let changes = [
    "sequence_length=64", "packing=false", "shuffle=false", "per_device_train_batch_size=3",
    "gradient_accumulation_steps=2", "max_steps=7", "num_train_epochs=1.5", "learning_rate=3e-5",
    "lr_scheduler_type=wsd", "warmup_steps=0", "min_lr_ratio=0", "weight_decay=0", "adam_beta1=0.8",
    "adam_beta2=0.99", "adam_epsilon=1e-6", "max_grad_norm=0.5", "template=none", "train_on=last",
    "train_on_inputs=true", "long_rows=drop", "objective.reverse=0.25",
    "union={sampling: proportional, replay_fraction: 0.1, examples: 90}", "logging_steps=10", "save_steps=5",
    "eval_steps=20", "early_stopping_patience=2", "early_stopping_threshold=0.01", "load_best_model_at_end=true",
    "max_forgetting=0.5", "template=none", "train_on=last", "train_on_inputs=true", "long_rows=drop", "num_cycles=2",
    "warmup_ratio=0.1",
  ]

  /// A change as overrides, with the key that it needs beside it.
  static func overrides(_ change: String, in place: String = "") -> [String] {
    (change.hasPrefix("num_cycles") ? [place + "lr_scheduler_type=cosine_with_restarts"] : []) + [place + change]
  }

  @Test("every training key is in the list of changes")
  func changesAreComplete() {
    let changed = Self.changes.map { $0.prefix { $0 != "=" && $0 != "." } }
    #expect(Set(changed.map(String.init)) == Set(TrainingSettings.keys.map(\.name)))
  }

  @Test("every training key is read, at the top for all rounds and in a round for it alone", arguments: changes)
  func keyIsRead(_ change: String) throws {
    let fixture = try RecipeFixture()
    let plain = try fixture.load().defaults
    let everywhere = try Recipe.load(fixture.file, overrides: Self.overrides(change))
    #expect(everywhere.defaults != plain)
    #expect(everywhere.rounds.allSatisfy { $0.settings == everywhere.defaults })
    let inOne = try Recipe.load(fixture.file, overrides: Self.overrides(change, in: "rounds.1."))
    #expect(inOne.defaults == plain)
    #expect(inOne.rounds[0].settings == plain)
    #expect(inOne.rounds[1].settings == everywhere.defaults)
  }

  @Test("columns and split are read in their round; null and nothing are none")
  func rows() throws {
    let fixture = try RecipeFixture()
    let recipe = try fixture.load(
      "rounds.0.columns={prompt: question, completion: \"the answer\"}", "rounds.0.split=0.95", "rounds.1.split=null",
      "rounds.1.columns={}")
    #expect(try recipe.rounds[0].columns == ColumnNames(["completion": "the answer", "prompt": "question"]))
    #expect(recipe.rounds[0].split == 0.95)
    #expect(recipe.rounds[1].columns == .none && recipe.rounds[1].split == nil)
    #expect(try fixture.load("rounds.1.valid=null", "rounds.1.split=0.5").rounds[1].split == 0.5)
    #expect(try fixture.load("rounds.1.columns=null").rounds == fixture.load().rounds)
  }

  @Test("task is read in its round, what is measured beside the losses in evaluation")
  func measured() throws {
    let fixture = try RecipeFixture()
    #expect(try fixture.load().evaluation == EvaluationSettings())
    let recipe = try fixture.load(
      "rounds.1.task=translation",
      "evaluation={general: ../g.txt, max_examples: null, max_new_tokens: 7, batch_size: 3}")
    #expect(recipe.rounds.map(\.task) == [nil, .translation])
    #expect(recipe.evaluation.general?.path == fixture.folder.deletingLastPathComponent().path + "/g.txt")
    #expect(recipe.evaluation.maxExamples == nil)
    #expect(recipe.evaluation.maxNewTokens == 7 && recipe.evaluation.batchSize == 3)
    #expect(try RecipeFixture(recipe.yaml).load() == recipe)
    #expect(fixture.error("rounds.0.task=qa")?.message.contains("round first has none") == true)
    #expect(fixture.error("rounds.1.task=chat")?.message.contains("translation") == true)
    #expect(fixture.error("evaluation={max_exmples: 3}")?.message.contains("'max_examples'") == true)
  }

  @Test("kinds of sampling, each with its own key, and the base's own text")
  func sampling() throws {
    let fixture = try RecipeFixture()
    func union(_ yaml: String) throws -> UnionSettings { try fixture.load("union=" + yaml).defaults.union }
    #expect(try union("{sampling: temperature, temperature: 3}").temperature == 3)
    #expect(try union("{sampling: weights, weights: {second: 2.5}}").weights == ["second": 2.5])
    let base = try union("{base_replay: {train: b.txt, fraction: 0.1}}").baseReplay
    #expect(base?.train.path == fixture.folder.path + "/b.txt" && base?.fraction == 0.1)
    // A round of another kind of sampling drops the inherited settings of the old kind.
    let mixed = try fixture.load(
      "union={sampling: weights, weights: {first: 2}}", "rounds.1.union={sampling: equal, base_replay: null}")
    #expect(mixed.rounds[1].settings.union == UnionSettings())
    for recipe in [
      mixed, try fixture.load("union={sampling: temperature, temperature: 2, base_replay: {train: b, fraction: 0.5}}"),
    ] {
      #expect(try RecipeFixture(recipe.yaml).load() == recipe)
    }
    for (yaml, words) in [
      ("{sampling: temperature}", "union.temperature is missing"), ("{temperature: 2}", "sampling: temperature alone"),
      ("{sampling: weights, weights: {secnd: 2}}", "'second'"), ("{sampling: weights}", "union.weights is missing"),
      ("{sampling: weights, weights: {first: 0}}", "above 0"),
      ("{sampling: temperature, temperature: 0.5}", "at least 1"),
      ("{base_replay: {train: b.txt}}", "fraction is missing"), ("{base_replay: {fraction: 0.1}}", "train is missing"),
      ("{base_replay: {train: b.txt, fraction: 1}}", "below 1"),
    ] {
      #expect(fixture.error("union=" + yaml)?.message.contains(words) == true, "\(yaml)")
    }
  }

  @Test("allow_leaks names rounds; null and nothing allow none")
  func leaks() throws {
    let fixture = try RecipeFixture()
    #expect(try fixture.load("allow_leaks=[second, \"first\"]").allowLeaks == ["second", "first"])
    for none in ["allow_leaks=null", "allow_leaks=[]"] { #expect(try fixture.load(none).allowLeaks.isEmpty) }
  }

  @Test("objective: a share is what the other leaves; what a round does not name it inherits")
  func objective() throws {
    let fixture = try RecipeFixture()
    let recipe = try fixture.load(
      "objective={reverse: 0.25, unit: segment, longest_segment: 3, marker: \"<: rev\"}",
      "rounds.1.objective={forward: 1}")
    var expected = ReadingOrder(forward: 0.75, reverse: 0.25)
    (expected.unit, expected.longestSegment, expected.marker) = (.segment, 3, "<: rev")
    #expect(recipe.rounds[0].settings.objective == expected)
    (expected.forward, expected.reverse) = (1, 0)
    #expect(recipe.rounds[1].settings.objective == expected)
    #expect(try RecipeFixture(recipe.yaml).load() == recipe)
    #expect(try fixture.load("objective.reverse=0", "objective.marker=null").defaults.objective == ReadingOrder())
    for (yaml, words) in [
      ("{unit: letter}", "token, word, segment"), ("{longest_segment: 0}", "whole number from 1"),
      ("{marker: \"\"}", "null, or a text"), ("{untt: word}", "'unit'"), ("{reverse: 1.5}", "from 0 to 1"),
      ("{forward: 0.5, reverse: 0.25}", "sum to 1"),
    ] {
      #expect(fixture.error("objective=" + yaml)?.message.contains(words) == true, "\(yaml)")
    }
    #expect(fixture.error("longest_segment=3")?.message.contains("a key of objective") == true)
  }

  @Test("a round's union keeps what it does not name; a round's epochs replace inherited steps")
  func inheritance() throws {
    let fixture = try RecipeFixture()
    let recipe = try fixture.load(
      "union.sampling=proportional", "rounds.1.union.replay_fraction=0.1", "eval_steps=5", "rounds.1.eval_steps=null",
      "max_steps=9", "rounds.1.num_train_epochs=2")
    #expect(recipe.rounds[1].settings.union == UnionSettings(sampling: .proportional, replayFraction: 0.1))
    #expect(recipe.rounds[0].settings.evalSteps == 5)
    #expect(recipe.rounds[1].settings.evalSteps == nil)
    #expect(recipe.rounds[0].settings.duration == .steps(9))
    #expect(recipe.rounds[1].settings.duration == .epochs(2))
  }
}
