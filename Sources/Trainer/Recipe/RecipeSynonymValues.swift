import Foundation
import GPUTensor

/// The words of other tools for values, and ours.
extension RecipeSynonym {
  static let byDefault = "that is so where nothing is said"
  static let fp32 = "precision is fp32 where nothing is said"

  /// Courses of the learning rate.
  static let schedules: [String: Answer] = table([
    ("constant_with_warmup", schedule("constant")), ("cosine_with_min_lr", schedule("cosine")),
    ("cosine_warmup_with_min_lr", schedule("cosine")), ("cosine_annealing", schedule("cosine")),
    ("get_cosine_schedule_with_warmup", schedule("cosine")), ("polynomial", schedule("linear")),
    ("warmup_stable_decay", schedule("wsd")), ("cosine_with_hard_restarts", schedule("cosine_with_restarts")),
    ("inverse_sqrt reduce_lr_on_plateau one_cycle rex greedy log_sweep", .remove("such a course is not offered")),
  ])

  /// Precisions of matrix products.
  static let precisions: [String: String] = table([
    ("bf16 bfloat16 bf16_mixed bf16-mixed bf16-true fp16 float16 16 16-mixed 16-true half", "bf16"),
    ("fp32 float32 32 32-true float no", "fp32"),
  ])

  /// Storages of a frozen base.
  static let storages: [String: String] = table([
    ("4 4bit int4 nf4 fp4 bnb.nf4 bnb.nf4-dq bnb.fp4 bnb.fp4-dq bitsandbytes_4bit", "nf4"),
    ("8 8bit int8 bnb.int8 bnb.int8-training bitsandbytes_8bit", "int8"),
    ("bfloat16 bf16 float16 fp16 half", "bf16"), ("float32 float", "fp32"),
  ])

  /// Methods of training.
  static let methods: [String: Answer] = table([
    ("lora", .write([Setting(.method, "type", "lora")])),
    ("qlora", .write(quantized("nf4"))),
    ("dora", .write([Setting(.method, "type", "lora"), Setting(.method, "use_dora", "true")])),
    (
      "full full_finetune full_finetuning full_parameter finetune none",
      .write([Setting(.method, "type", "full")])
    ),
    (
      "freeze prefix_tuning prompt_tuning p_tuning ia3 adalora oft boft loha lokr vera galore",
      .remove("such a method is not offered")
    ),
  ])

  private static let optimizers: [String: Answer] = table([
    (
      "adamw_torch adamw_torch_fused adamw_hf adamw_apex_fused adamw_torch_npu_fused adamw_torch_xla paged_adamw "
        + "paged_adamw_32bit adam fusedadam adamw_torch_4bit", .write([Setting(.run, "optim", "adamw")])
    ),
    (
      "adamw_bnb_8bit paged_adamw_8bit adamw_torch_8bit adam8bit adamw8bit adamw_8bit_bnb",
      .write([Setting(.run, "optim", "adamw_8bit")])
    ),
    (
      "lion lion_32bit lion_8bit paged_lion paged_lion_32bit paged_lion_8bit lion_pytorch",
      .write([Setting(.run, "optimizer", "lion")])
    ),
    ("muon", .write([Setting(.run, "optimizer", "muon")])),
    (
      "sgd adafactor adagrad rmsprop rmsprop_bnb galore_adamw apollo_adamw grokadamw stable_adamw schedule_free_adamw "
        + "ademamix shampoo soap", .remove("such an optimiser is not offered: write optimizer: adamw, lion or muon")
    ),
  ])

  /// Advice on a value of one of our keys.
  static func answer(onValue node: RecipeNode, of key: String, at here: Place) -> Answer? {
    switch (here, key) {
    case (.run, "optim"), (.run, "optimizer"):
      guard let word = node.word else { return nil }
      // Python names a class: torch.optim.AdamW.
      let isOurs =
        key == "optim" ? OptimizerMoments(rawValue: word) != nil : OptimizerSettings.Kind(rawValue: word) != nil
      return isOurs ? written(.run, key, word) : optimizers[word]
    case (.run, "precision"): return written(.run, key, node.word.flatMap { precisions[$0] })
    case (.run, "recompute"):
      let values = table([("true full everything", "block"), ("selective", "attention"), ("false", "elementwise")])
      return written(.run, key, node.word.flatMap { values[$0] })
    case (.run, "lr_scheduler_type"), (.round, "lr_scheduler_type"): return node.word.flatMap { schedules[$0] }
    case (.run, "warmup_steps"), (.round, "warmup_steps"):
      guard let number = node.number, number > 0, number < 1 else { return nil }
      return .write([Setting(.training, "warmup_ratio", node.yaml)])
    case (.run, "max_steps"), (.round, "max_steps"):
      return node.number.map { $0 < 0 } == true ? .remove("remove it where num_train_epochs counts") : nil
    case (.run, "long_rows"), (.round, "long_rows"):
      return written(.training, key, node.word == "truncate" ? "cut" : nil)
    case (.run, "template"), (.round, "template"):
      return written(.base, "chat_template", node.word.flatMap { BuiltinTemplate(rawValue: $0) }?.rawValue)
    case (.base, "dtype"): return written(.base, key, node.word.flatMap { storages[$0] })
    case (.method, "type"): return node.word.flatMap { methods[$0] }
    default: return nil
    }
  }

  // MARK: - Conversions

  /// A base of fewer bits, and the adapters that it needs.
  static func quantized(_ dtype: String) -> [Setting] {
    [Setting(.base, "dtype", dtype)] + (dtype == "fp32" ? [] : [Setting(.method, "type", "lora")])
  }

  /// The share that is left beside a share, without the rounding error of the difference.
  static func rest(of share: Double) -> String {
    SettingValue.number(((1 - share) * 1e9).rounded() / 1e9).yaml
  }

  /// The advice on a file of rows: a path, or the paths of a list, each of which is a round's.
  static func files(_ key: String) -> @Sendable (RecipeNode) -> Answer {
    { node in
      var items = [node]
      if case .sequence(let list) = node.content { items = list }
      let paths = items.compactMap {
        $0.member("data_files") ?? $0.member("path") ?? $0.member("name") ?? ($0.text == nil ? nil : $0)
      }
      guard let first = paths.first, paths.count == items.count else { return .name }
      return .write([Setting(.round, key, isHubName(first.text ?? "") ? "hf:\(first.text ?? "")" : first.yaml)])
    }
  }

  /// True for ORG/NAME, as datasets of the hub are called, which is not the name of a file of rows.
  private static func isHubName(_ text: String) -> Bool {
    HubName(text, of: .dataset) != nil && (try? DatasetFormat(of: URL(fileURLWithPath: text))) == nil
  }

  private static func written(_ place: Place, _ key: String, _ value: String?) -> Answer? {
    value.map { .write([Setting(place, key, $0)]) }
  }

  private static func schedule(_ word: String) -> Answer { .write([Setting(.training, "lr_scheduler_type", word)]) }

  /// A table whose keys are words with spaces between them.
  private static func table<Value>(_ rows: [(words: String, value: Value)]) -> [String: Value] {
    Dictionary(
      uniqueKeysWithValues: rows.flatMap { row in row.words.split(separator: " ").map { (String($0), row.value) } })
  }
}
