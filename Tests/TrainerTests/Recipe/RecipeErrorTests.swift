import Foundation
import Testing

import Trainer

@Suite("Recipe errors")
struct RecipeErrorTests {
  /// A faulty line to put after the recipe's line 1, and the text that the error must contain.
  struct Fault: Sendable, CustomTestStringConvertible {
    let line: String
    let says: [String]
    var testDescription: String { line }
  }

  static let faults = [
    Fault(line: "lerning_rate: 1e-4", says: ["recipe.yaml:2", "unknown key 'lerning_rate'", "'learning_rate'"]),
    Fault(line: "union: {samplng: equal}", says: ["recipe.yaml:2", "'union.samplng'", "'sampling'"]),
    Fault(line: "replay_fraction: 0.1", says: ["recipe.yaml:2", "'replay_fraction'", "a key of union"]),
    Fault(line: "train: a.jsonl", says: ["recipe.yaml:2", "'train'", "a key of a round"]),
    Fault(line: "learning_rate: fast", says: ["recipe.yaml:2", "learning_rate is fast", "a number from 0 to 1"]),
    Fault(line: "learning_rate: .nan", says: ["recipe.yaml:2", "learning_rate is .nan"]),
    Fault(line: "max_steps: 2.5", says: ["recipe.yaml:2", "max_steps is 2.5", "a whole number from 1"]),
    Fault(line: "max_steps: \"7\"", says: ["recipe.yaml:2", "max_steps is \"7\"", "a whole number"]),
    Fault(line: "packing: maybe", says: ["recipe.yaml:2", "packing is maybe", "true or false"]),
    Fault(line: "lr_scheduler_type: step", says: ["recipe.yaml:2", "constant, linear, cosine, wsd"]),
    Fault(line: "adam_beta2: 1", says: ["recipe.yaml:2", "adam_beta2 is 1", "below 1"]),
    Fault(line: "sequence_length: [1]", says: ["recipe.yaml:2", "sequence_length is a list of 1"]),
    Fault(line: "objective: {forward: 1.0, reverse: 0.5}", says: ["recipe.yaml:2", "1.5", "sum to 1"]),
    Fault(line: "seed: -1", says: ["recipe.yaml:2", "seed is -1"]),
    Fault(line: "seed: 99999999999999999999", says: ["recipe.yaml:2", "seed is 99999999999999999999"]),
    Fault(line: "method: {rank: 8}", says: ["recipe.yaml:2", "method.rank", "lora alone"]),
    Fault(line: "method: {type: lora, rank: 0}", says: ["recipe.yaml:2", "method.rank is 0"]),
    Fault(line: "method: {type: lora, alpha: -1}", says: ["recipe.yaml:2", "method.alpha is -1"]),
    Fault(line: "method: {type: lora, dropout: 1}", says: ["recipe.yaml:2", "method.dropout is 1", "below 1"]),
    Fault(line: "method: {type: lora, target_modules: []}", says: ["recipe.yaml:2", "target_modules", "all-linear"]),
    Fault(line: "method: {type: lora, rank_pattern: 3}", says: ["recipe.yaml:2", "rank_pattern", "{down_proj: 16}"]),
    Fault(
      line: "method: {type: lora, trainable_token_indices: [x]}",
      says: ["recipe.yaml:2", "trainable_token_indices", "[259, 260]"]),
    Fault(line: "method: {type: lora, between_rounds: add}", says: ["recipe.yaml:2", "merge, continue, stack"]),
    Fault(
      line: "method: {type: lora, loraplus_lr_ratio: 0.5}", says: ["recipe.yaml:2", "loraplus_lr_ratio", "from 1 up"]),
    Fault(line: "method: {type: lora, bias: some}", says: ["recipe.yaml:2", "none, all, lora_only"]),
    Fault(line: "method: {type: lora, rnak: 8}", says: ["recipe.yaml:2", "unknown key 'method.rnak'", "'rank'"]),
    Fault(line: "precision: fp8", says: ["recipe.yaml:2", "fp32, bf16"]),
    Fault(line: "allow_leak: [first]", says: ["recipe.yaml:2", "unknown key 'allow_leak'", "'allow_leaks'"]),
    Fault(line: "allow_leaks: first", says: ["recipe.yaml:2", "allow_leaks is first", "[first, second]"]),
    Fault(line: "allow_leaks: [first, frist]", says: ["recipe.yaml:2", "allow_leaks[1] is frist", "first, second"]),
    Fault(line: "allow_leaks: [null]", says: ["recipe.yaml:2", "allow_leaks[0] is null"]),
    Fault(line: "seed: 1\nseed: 2", says: ["'seed'", "more than once"]),
    Fault(line: "seed: {", says: ["recipe.yaml:", "is not YAML"]),
    Fault(line: "max_steps: 3\nnum_train_epochs: 1", says: ["recipe.yaml:3", "both given"]),
    Fault(line: "warmup_steps: 3\nwarmup_ratio: 0.1", says: ["recipe.yaml:3", "both given"]),
    Fault(line: "warmup_ratio: 1.5", says: ["recipe.yaml:2", "warmup_ratio is 1.5", "from 0 to 1"]),
    Fault(line: "num_cycles: 2", says: ["recipe.yaml:2", "num_cycles is read by", "the type is cosine: remove it"]),
    Fault(line: "max_steps: null", says: ["recipe.yaml:2", "max_steps is null"]),
  ]

  @Test("a faulty line is named with its place, its value and what is allowed", arguments: faults)
  func fault(_ fault: Fault) throws {
    var lines = RecipeFixture.minimal.components(separatedBy: "\n")
    lines.insert(fault.line, at: 1)
    let error = try #require(try RecipeFixture(lines.joined(separator: "\n")).error())
    for words in fault.says { #expect(error.description.contains(words), "\(error)") }
    #expect(error.exitCode == 65)
    #expect(!error.description.contains("\n"))
  }

  @Test("two overrides that exclude each other are refused; one wins over the recipe's other key")
  func rivalOverrides() throws {
    let fixture = try RecipeFixture(RecipeFixture.minimal + "\nmax_steps: 7\n")
    let error = try #require(fixture.error("max_steps=1", "num_train_epochs=3"))
    #expect(error.exitCode == 64 && error.message.contains("max_steps=1"), "\(error)")
    #expect(try fixture.load("num_train_epochs=3").defaults.duration == .epochs(3))
  }

  @Test("a fault in a round or an override is named there")
  func placesOfRoundsAndOverrides() throws {
    let fixture = try RecipeFixture()
    #expect(fixture.error("rounds.1.precision=fp32")?.message.contains("the whole recipe, not of a round") == true)
    #expect(fixture.error("rounds.1.allow_leaks=[]")?.message.contains("the whole recipe, not of a round") == true)
    let error = try #require(fixture.error("learnin_rate=1"))
    #expect(error.description.contains("override 'learnin_rate=1'"))
    #expect(error.description.contains("'learning_rate'"))
    #expect(fixture.error("rounds.2.name=x")?.description.contains("no item of a list of 2") == true)
    #expect(fixture.error("seed.x=1")?.message.contains("a mapping of 1 keys") == true)
    #expect(fixture.error("output_dir.x=1")?.description.contains("holds no keys") == true)
    #expect(fixture.error("seed")?.exitCode == 64)
    #expect(fixture.error("=1")?.exitCode == 64)
  }

  /// Overrides of a recipe with a frozen base, and the text that the error must contain.
  static let frozenBases: [([String], [String])] = [
    (["base.dtype=fp8"], ["base.dtype is fp8", "fp32, bf16, int8, nf4, gguf"]),
    (["base.dtype=nf4"], ["base.dtype nf4", "method.type full", "base.dtype: fp32"]),
    (["base.dtype=bf16", "method={type: full}"], ["base.dtype bf16", "method.type: lora"]),
    (
      ["base.dtype=int8", "method={type: lora, between_rounds: merge}"],
      ["method.between_rounds merge", "int8", "between_rounds: stack"]
    ),
  ]

  @Test("a base that is kept in fewer bits is neither trained in full nor merged into", arguments: frozenBases)
  func frozenBase(_ overrides: [String], _ says: [String]) throws {
    let fixture = try RecipeFixture()
    let error = #expect(throws: RecipeError.self) { try Recipe.load(fixture.file, overrides: overrides) }
    for words in says { #expect(error?.message.contains(words) == true, "\(String(describing: error))") }
    #expect(error?.exitCode == 65)
  }

  /// Overrides of the second round, which names held-out rows, and the text that the error must contain.
  static let rowFaults: [(String, [String])] = [
    ("columns.promt=q", ["'rounds[1].columns.promt'", "'prompt'"]),
    ("columns.input_ids=q", ["'rounds[1].columns.input_ids'", "'input'"]),
    ("columns.prompt=null", ["rounds[1].columns.prompt is null", "the name of a column"]),
    ("columns.prompt=[a]", ["rounds[1].columns.prompt is a list of 1"]),
    ("columns=question", ["rounds[1].columns is question", "a mapping"]),
    ("columns={prompt: a, output: b}", ["rounds[1].columns names prompt and output", "one shape"]),
    ("columns={prompt: a, completion: b, response: c}", ["completion and response"]),
    ("split=0.9", ["rounds[1].split", "rounds[1].valid", "one of the two"]),
  ]

  @Test("columns and split are checked where they stand, and stand in rounds alone", arguments: rowFaults)
  func rowKeys(_ change: String, _ says: [String]) throws {
    let fixture = try RecipeFixture()
    let error = try #require(fixture.error("rounds.1." + change))
    for words in says { #expect(error.message.contains(words), "\(error)") }
    let key = String(change.prefix { $0 != "=" && $0 != "." })
    let atTop = try #require(fixture.error(change))
    #expect(atTop.message.contains("'\(key)'") && atTop.message.contains("a key of a round"), "\(atTop)")
  }

  @Test("a split leaves rows on both sides", arguments: ["0", "1", "-0.1", "1.5", ".nan", "half", "\"0.5\""])
  func split(_ share: String) throws {
    let error = try #require(try RecipeFixture().error("rounds.0.split=\(share)"))
    #expect(error.message.contains("rounds[0].split is") && error.message.contains("above 0 and below 1"), "\(error)")
  }

  @Test("names of rounds are unique and name folders", arguments: ["First", "a/b", "..", "-x", "a b", "\"\"", "null"])
  func roundNames(_ name: String) throws {
    let error = try #require(try RecipeFixture().error("rounds.1.name=\(name)"))
    #expect(error.description.contains("rounds[1].name"))
  }

  @Test("what must be there is asked for", arguments: ["output_dir", "base", "rounds"])
  func missing(_ key: String) throws {
    var kept = RecipeFixture.minimal.components(separatedBy: "\n")
    kept.removeAll { $0.hasPrefix(key) || (key == "rounds" && $0.hasPrefix("  ")) }
    let error = try #require(try RecipeFixture(kept.joined(separator: "\n")).error())
    #expect(error.description.contains(key))
    #expect(error.description.contains("missing"))
  }

  @Test("a recipe that is not there is no bad recipe; an empty one is")
  func absent() throws {
    #expect(throws: RecipeError.self) { try Recipe.load(URL(fileURLWithPath: "/nonexistent/r.yaml")) }
    do {
      _ = try Recipe.load(URL(fileURLWithPath: "/nonexistent/r.yaml"))
    } catch {
      #expect(error.exitCode == 66)
    }
    #expect(try RecipeFixture("").error()?.exitCode == 65)
    #expect(try RecipeFixture("- a\n- b").error()?.message.contains("mapping") == true)
  }

  @Test("nested aliases that stand for billions of values are refused")
  func aliases() throws {
    var yaml = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    for level in 1...5 {
      yaml += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n"
    }
    #expect(try RecipeFixture(yaml).error()?.description.contains("aliases") == true)
  }

  @Test("the nearest key counts swaps as one change")
  func editDistance() {
    #expect(EditDistance.between("sede", "seed") == 1)
    #expect(EditDistance.between("", "seed") == 4)
    #expect(EditDistance.between("kitten", "sitting") == 3)
    #expect(EditDistance.nearest(to: "batch_size", among: ["seed", "per_device_train_batch_size", "base"]) != nil)
  }
}
