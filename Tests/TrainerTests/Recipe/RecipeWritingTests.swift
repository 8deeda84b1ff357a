import Foundation
import Testing

import Trainer

@Suite("Recipe writing")
struct RecipeWritingTests {
  @Test("the resolved recipe reads back as an equal recipe, from any folder")
  func roundTrip() throws {
    let original = try RecipeFixture().load(
      "output_dir=\"runs/a: 'b' # \\\"c\\\" \\\\ ü\"", "seed=9007199254740993", "device=\"0\"",
      "base={preset: tiny, tokenizer: {vocab_size: 300}}", "adam_epsilon=1.0e-20", "learning_rate=0.30000000000000004",
      "rounds.0.num_train_epochs=0.1", "rounds.1.union={examples: 5, replay_fraction: 0.3}", "eval_steps=3",
      "rounds.1.eval_steps=null", "rounds.1.objective={reverse: 0.1}",
      "allow_leaks=[second, first]", "rounds.0.split=0.1",
      "rounds.1.columns={instruction: \"a \\\"b\\\": {c}\", output: 7}")
    #expect(original.yaml.contains("\n    columns: null\n    split: 0.1\n    task: null\n"))
    let other = try RecipeFixture(original.yaml)
    #expect(try other.load() == original)
    #expect(try other.load().yaml == original.yaml)
  }

  @Test("adapters survive the round trip, every key of them")
  func adapters() throws {
    let short = try RecipeFixture().load("method={type: lora, rank: 4}")
    guard case .lora(let settings, nil) = short.method else { throw Unexpected() }
    #expect(settings.rank == 4 && settings.alpha == 8 && settings.targets == .allLinear)
    #expect(settings.betweenRounds == .merge && settings.dropout == 0 && !settings.usesRankStabilization)
    let whole = try RecipeFixture().load(
      "method={type: lora, rank: 3, alpha: 1.5, dropout: 0.1, target_modules: [q_proj, \"layers.0.mlp.up_proj\"], "
        + "rank_pattern: {up_proj: 9}, alpha_pattern: {q_proj: 2}, use_rslora: true, between_rounds: stack, "
        + "trainable_token_indices: {embed_tokens: [7, 3], lm_head: [3]}, "
        + "bias: lora_only, loraplus_lr_ratio: 16, loraplus_lr_embedding: 1.0e-5, init_adapter: some/adapter}")
    guard case .lora(let all, let initial?) = whole.method else { throw Unexpected() }
    #expect(all.targets == .named(["q_proj", "layers.0.mlp.up_proj"]) && all.rankPattern == ["up_proj": 9])
    #expect(all.alphaPattern == ["q_proj": 2] && all.usesRankStabilization && all.betweenRounds == .stack)
    #expect(all.tokenIndices == ["embed_tokens": [7, 3], "lm_head": [3]])
    #expect(all.biases == .adapted && all.learningRateRatio == 16 && all.embeddingLearningRate == 1e-5)
    #expect(settings.biases == .none && settings.learningRateRatio == nil && settings.embeddingLearningRate == 1e-6)
    #expect(initial.path.hasSuffix("/some/adapter"))
    for recipe in [short, whole] { #expect(try RecipeFixture(recipe.yaml).load() == recipe) }
  }

  private struct Unexpected: Error {}

  @Test("every change of every key survives the round trip", arguments: RecipeDecodingTests.changes)
  func keyRoundTrip(_ change: String) throws {
    let fixture = try RecipeFixture()
    for place in ["", "rounds.0."] {
      let overrides = RecipeDecodingTests.overrides(change, in: place)
      let recipe = try Recipe.load(fixture.file, overrides: overrides)
      #expect(try RecipeFixture(recipe.yaml).load() == recipe)
    }
  }

  @Test("every default is written out")
  func defaultsAreWritten() throws {
    let yaml = try RecipeFixture().load().yaml
    for key in TrainingSettings.keys where !["num_train_epochs", "warmup_ratio"].contains(key.name) {
      #expect(yaml.contains("\n\(key.name): "), "\(key.name)")
    }
    for line in [
      "learning_rate: 0.0001", "adam_epsilon: 1.0e-08", "max_grad_norm: 1.0", "eval_steps: null", "allow_leaks: []",
    ] {
      #expect(yaml.contains("\n\(line)\n"), "\(line)")
    }
  }
}
