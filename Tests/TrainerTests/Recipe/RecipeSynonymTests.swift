import Foundation
import Testing

import Trainer

@Suite("Keys of other tools")
struct RecipeSynonymTests {
  /// A line with another tool's key, and the advice in its error.
  struct Case: Sendable, CustomTestStringConvertible {
    let line: String
    let advice: String
    var testDescription: String { line }

    init(_ line: String, _ advice: String) {
      self.line = line
      self.advice = advice
    }
  }

  static let keys = [
    Case("lr: 2e-4", "write learning_rate: 2.0e-4"), Case("max_lr: 0.001", "write learning_rate: 0.001"),
    Case("epochs: 3", "write num_train_epochs: 3"), Case("num_epochs: 1.5", "write num_train_epochs: 1.5"),
    Case("max_iters: 40", "write max_steps: 40"),
    Case("batch_size: 8", "write per_device_train_batch_size: 8"),
    Case("micro_batch_size: 2", "write per_device_train_batch_size: 2"),
    Case("per_device_batch_size: 2", "write per_device_train_batch_size: 2"),
    Case("train_batch_size: 2", "write per_device_train_batch_size: 2"),
    Case("grad_accum: 4", "write gradient_accumulation_steps: 4"),
    Case("global_batch_size: 64", "here it is per_device_train_batch_size (a whole number from 1"),
    Case("lora_r: 16", "write method: {type: lora, rank: 16}"), Case("r: 16", "write method: {type: lora, rank: 16}"),
    Case("lora_alpha: 32", "write method: {type: lora, alpha: 32}"),
    Case("lora_dropout: 0.05", "write method: {type: lora, dropout: 0.05}"),
    Case(
      "lora_target_modules: [q_proj, v_proj]", "write method: {type: lora, target_modules: [q_proj, v_proj]}"),
    Case("lora_target_linear: true", "write method: {type: lora, target_modules: all-linear}"),
    Case("peft_use_dora: true", "write method: {type: lora, use_dora: true}"),
    Case("adapter: qlora", "write base: {…, dtype: nf4} and method: {type: lora}"),
    Case("finetuning_type: full", "write method: {type: full}"),
    Case("model_name_or_path: models/x", "write base: {model: models/x}"),
    Case("base_model: \"models/a b\"", "write base: {model: \"models/a b\"}"),
    Case("load_in_4bit: true", "write base: {…, dtype: nf4} and method: {type: lora}"),
    Case("load_in_8bit: True", "write base: {…, dtype: int8} and method: {type: lora}"),
    Case("load_in_4bit: false", "that is so where nothing is said: remove it"),
    Case("quantization_bit: 4", "write base: {…, dtype: nf4} and method: {type: lora}"),
    Case("bf16: true", "write precision: bf16"), Case("bf16: false", "precision is fp32 where nothing is said"),
    Case("fp16: true", "write precision: bf16"), Case("torch_dtype: bfloat16", "write precision: bf16"),
    Case("max_seq_length: 1024", "write sequence_length: 1024"), Case("max_length: 64", "write sequence_length: 64"),
    Case("cutoff_len: 64", "write sequence_length: 64"), Case("max_seq_len: 64", "write sequence_length: 64"),
    Case("scheduler: linear", "write lr_scheduler_type: linear"),
    Case("lr_scheduler: constant_with_warmup", "write lr_scheduler_type: constant"),
    Case("lr_scheduler: inverse_sqrt", "such a course is not offered: remove it"),
    Case("lr_scheduler_kwargs: {num_cycles: 3}", "write num_cycles: 3"),
    Case("warmup: 10", "write warmup_steps: 10"), Case("warmup: 0.1", "write warmup_ratio: 0.1"),
    Case("num_warmup_steps: 5", "write warmup_steps: 5"),
    Case("min_lr: 1e-6", "here it is min_lr_ratio (a number from 0 to 1)"),
    Case("betas: [0.9, 0.95]", "write adam_beta1: 0.9, adam_beta2: 0.95"),
    Case("gradient_clip_val: 1.0", "write max_grad_norm: 1.0"),
    Case("gradient_checkpointing: true", "write recompute: block"),
    Case("sample_packing: false", "write packing: false"),
    Case("mask_prompt: false", "write train_on_inputs: true"),
    Case("completion_only_loss: true", "write train_on_inputs: false"),
    Case("output: runs/x", "write output_dir: runs/x"), Case("random_state: 7", "write seed: 7"),
    Case("no_cuda: true", "write device: cpu"),
    Case("dataset_path: data/a.jsonl", "write in a round: train: data/a.jsonl"),
    Case("datasets: [{path: a.jsonl, type: alpaca}]", "write in a round: train: a.jsonl"),
    Case("datasets: [{path: org/rows}]", "write in a round: train: hf:org/rows"),
    Case("datasets: [{path: json, data_files: a.jsonl}]", "write in a round: train: a.jsonl"),
    Case("eval_dataset: v.jsonl", "write in a round: valid: v.jsonl"),
    Case("val_set_size: 0.05", "write in a round: split: 0.95"),
    Case("val_set_size: 2000", "here it is in a round: split (the share of rows that train"),
    Case("dataset_text_field: content", "write in a round: columns: {text: content}"),
    Case("max_eval_samples: 9", "write evaluation: {max_examples: 9}"),
    Case("group_by_length: true", "it has no counterpart here: packing fills"),
    Case("neftune_noise_alpha: 5", "it has no counterpart here: no noise is added to embeddings; remove it"),
    Case("deepspeed: ds.json", "it has no counterpart here"),
    Case("Weight-Decay: 0.1", "the nearest known key is 'weight_decay'"),
    Case("LR: 1e-5", "write learning_rate: 1.0e-5"),
  ]

  private func error(_ line: String, in yaml: String = RecipeFixture.minimal) throws -> RecipeError {
    var lines = yaml.components(separatedBy: "\n")
    lines.insert(line, at: 1)
    return try #require(try RecipeFixture(lines.joined(separator: "\n")).error())
  }

  @Test("a key of another tool is an error that says the line to write, and the line is taken", arguments: keys)
  func key(_ key: Case) throws {
    let error = try error(key.line)
    #expect(error.exitCode == 65 && error.place == "recipe.yaml:2")
    #expect(error.message.hasPrefix("unknown key '\(key.line.prefix { $0 != ":" })': "), "\(error)")
    #expect(error.message.contains(key.advice), "\(error)")
    #expect(!error.description.contains("\n"))
    for line in Self.overrides(of: error.message) {
      #expect(throws: Never.self, "\(line)") { try RecipeFixture().load(line) }
    }
  }

  /// The lines that an error says to write, as overrides of a recipe; none where it leaves something out.
  private static func overrides(of message: String) -> [String] {
    guard let start = message.range(of: "': write "), !message.contains("…") else { return [] }
    var text = message[start.upperBound...]
    let place = text.hasPrefix("in a round: ") ? "rounds.0." : ""
    if !place.isEmpty { text = text.dropFirst("in a round: ".count) }
    // Two keys, and a key that another one lets in, are no single override.
    guard let colon = text.range(of: ": "), !text.contains(", adam_beta2"), !text.hasPrefix("num_cycles") else {
      return []
    }
    return ["\(place)\(text[..<colon.lowerBound])=\(text[colon.upperBound...])"]
  }

  @Test("the advice is seen from the mapping that holds the key")
  func places() throws {
    let fixture = try RecipeFixture()
    for (change, advice) in [
      ("rounds.0.lr=1e-5", "unknown key 'rounds[0].lr': write learning_rate: 1.0e-5"),
      ("rounds.0.bf16=true", "write at the top: precision: bf16"),
      ("rounds.0.val_set_size=0.1", "write split: 0.9"), ("rounds.1.eval_dataset=v.jsonl", "write valid: v.jsonl"),
      ("rounds.0.lora_r=4", "write at the top: method: {type: lora, rank: 4}"),
      ("method={type: lora, r: 4}", "unknown key 'method.r': write rank: 4"),
      ("method={type: lora, lora_alpha: 4}", "write alpha: 4"),
      ("method={type: lora, lr: 1e-3}", "write at the top: learning_rate: 1.0e-3"),
      ("base.load_in_4bit=true", "write dtype: nf4 and at the top: method: {type: lora}"),
      ("base.model_name_or_path=x", "unknown key 'base.model_name_or_path': write model: x"),
      ("base.val_set_size=0.25", "write in a round: split: 0.75"),
      ("evaluation={max_eval_samples: 3}", "write max_examples: 3"),
    ] {
      let error = try #require(fixture.error(change))
      #expect(error.message.contains(advice), "\(error)")
      #expect(error.place == "override '\(change)'")
    }
    // Columns are named by the user's files: no advice there.
    let columns = try #require(fixture.error("rounds.0.columns={lr: x}"))
    #expect(columns.message.contains("the nearest known key"), "\(columns)")
  }

  /// A line with another tool's value of one of our keys, and the advice in its error.
  static let values = [
    Case("optim: paged_adamw_8bit", "adamw, adamw_bf16, adamw_8bit: write optim: adamw_8bit"),
    Case("optim: adamw_torch", "write optim: adamw"), Case("optim: lion_8bit", "write optimizer: lion"),
    Case("optim: adafactor", "such an optimiser is not offered"), Case("optimizer: AdamW", "write optimizer: adamw"),
    Case("optimizer: torch.optim.AdamW", "write optimizer: adamw"), Case("optimizer: SGD", "is not offered"),
    Case("precision: bf16-true", "write precision: bf16"), Case("precision: 16-mixed", "write precision: bf16"),
    Case("recompute: true", "write recompute: block"),
    Case("lr_scheduler_type: constant_with_warmup", "write lr_scheduler_type: constant"),
    Case("lr_scheduler_type: polynomial", "write lr_scheduler_type: linear"),
    Case("warmup_steps: 0.1", "write warmup_ratio: 0.1"), Case("max_steps: -1", "remove it"),
    Case("long_rows: truncate", "write long_rows: cut"),
    Case("template: llama3", "write base: {…, chat_template: llama3}"),
    Case("method: {type: qlora}", "write at the top: base: {…, dtype: nf4} and type: lora"),
    Case("method: {type: dora}", "write type: lora, use_dora: true"),
  ]

  @Test("a value of another tool is answered with ours", arguments: values)
  func value(_ value: Case) throws {
    let error = try error(value.line)
    #expect(error.exitCode == 65 && error.message.contains(", but should be "), "\(error)")
    #expect(error.message.contains(value.advice), "\(error)")
  }

  @Test("every key of the table is an error with advice, whatever its value is", arguments: RecipeSynonym.all.indices)
  func everyKey(_ index: Int) throws {
    let fixture = try RecipeFixture()
    let synonym = RecipeSynonym.all[index]
    for name in synonym.names {
      for value in ["1", "0.5", "true", "false", "null", "word", "\"two words\"", "[a, b]", "{a: 1}", "-3"] {
        let error = try #require(fixture.error("\(name)=\(value)"), "\(name)=\(value) is taken")
        #expect(error.exitCode == 65 && !error.message.contains("\n"))
        let words = ["write ", "here it is ", "it has no counterpart here: ", ": remove it"]
        #expect(error.message.hasPrefix("unknown key '\(name)': "), "\(error)")
        #expect(words.contains { error.message.contains($0) }, "\(error)")
      }
    }
  }

  @Test("names are many and unique, and every one points at a key that exists")
  func table() {
    let names = RecipeSynonym.all.flatMap(\.names)
    #expect(names.count >= 60 && Set(names).count == names.count)
    #expect(names.allSatisfy { $0 == $0.lowercased() && !$0.contains("-") })
    for synonym in RecipeSynonym.all {
      for target in synonym.targets {
        let rows = KeyTable.all.first { $0.place == target.place.rawValue }?.rows ?? []
        #expect(rows.contains { $0.name == target.key }, "\(target) of \(synonym.names)")
      }
    }
    // Keys at the top of a recipe are read there, so a synonym may bear their names only for the sake of other places.
    let top = KeyTable.all.filter { ["run", "run or round"].contains($0.place) }.flatMap { $0.rows.map(\.name) }
    #expect(Set(names).isDisjoint(with: top))
  }

  @Test("accrete keys finds our keys by the names of others")
  func keyTable() {
    func names(_ word: String) -> [String] { KeyTable.holding(word).flatMap { $0.rows.map(\.name) } }
    #expect(names("lr").contains("learning_rate"))
    #expect(names("load_in_4bit") == ["dtype", "type"])
    #expect(names("val-set-size") == ["split"])
    #expect(names("neftune_noise_alpha").isEmpty)
    #expect(RecipeSynonym.reasonForNone("neftune_noise_alpha")?.contains("noise") == true)
    #expect(RecipeSynonym.reasonForNone("lr") == nil && RecipeSynonym.reasonForNone("lerning") == nil)
  }
}
