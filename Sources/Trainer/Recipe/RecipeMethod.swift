import Foundation

/// Method of training (`method`).
package enum TrainingMethod: Sendable, Equatable {
  /// Training of every weight.
  case full
  /// Low-rank adapters beside frozen weights; the first round's starts from the PEFT folder `initial`, if given.
  case lora(LoRASettings, initial: URL?)

  /// The words of `method.type`.
  enum Kind: String, CaseIterable {
    case full, lora
  }
}

/// The keys of `method`; `full` reads the type alone.
struct MethodSettings: Sendable {
  var kind = TrainingMethod.Kind.full
  var lora = LoRASettings()
  var initialAdapter: URL?
  /// Storage of the base: only fp32 weights can be trained or merged into.
  var base = BaseStorage.fp32

  /// The form of `method`; a `full` one is written as its type alone.
  static let form: KeyForm<MethodSettings> = {
    let whole = KeyForm<MethodSettings>.mapping([type] + loraKeys, defaults: MethodSettings(), check: check)
    return KeyForm(words: whole.words, inner: whole.inner, read: whole.read) { method in
      method.kind == .lora ? whole.write(method) : .mapping([SettingValue.Member]([type], of: method))
    }
  }()

  private static let type = Key<MethodSettings>(
    "type", \.kind, .word, "Weights that are trained: all of the model's, or low-rank adapters beside a frozen model.")

  private static let loraKeys =
    (LoRASettings.keys.map { $0.of(\MethodSettings.lora) } + [
      Key(
        "init_adapter", \.initialAdapter, KeyForm.model.orNull,
        "PEFT adapter, a folder or a name of the hub, that the first round's adapter starts from; null starts a new one."
      )
    ]).map(refusedInFull)

  /// The key, refused where the type is `full`.
  private static func refusedInFull(_ key: Key<MethodSettings>) -> Key<MethodSettings> {
    Key(key.name, type: key.type, key.meaning) { reader, method throws(RecipeError) in
      guard method.kind == .lora else {
        throw RecipeError(
          place: reader.place(of: key.name),
          message: "\(reader.name(key.name)) is read by method.type lora alone, and the type is full: remove it, or "
            + "set type: lora")
      }
      try key.read(reader, into: &method)
    } write: {
      key.write($0)
    }
  }

  private static func check(_ reader: RecipeReader, _ method: MethodSettings) throws(RecipeError) {
    guard method.kind == .lora, method.base != .fp32, method.lora.betweenRounds == .merge else { return }
    throw RecipeError(
      place: reader.place(of: "between_rounds"),
      message: "method.between_rounds merge would add to weights that base.dtype keeps in \(method.base.rawValue): "
        + "set between_rounds: stack, or base.dtype: fp32")
  }
}

extension LoRASettings {
  private static let patternWords = "a mapping of modules' names to numbers, as in {down_proj: 16}"
  private static let rank = KeyForm<Int>.count(1...65_536)
  private static let alpha = KeyForm<Double>.number("a number above 0") { $0 > 0 && $0 <= 1e6 }

  /// The keys of PEFT's LoraConfig that are read, and `between_rounds`.
  fileprivate static let keys: [Key<LoRASettings>] = [
    Key("rank", \.rank, rank, "Rank of the adapters.") { _, _, lora in
      // The default of alpha, twice the rank as in common fine-tuning recipes; `alpha`, read next, overrides it.
      lora.alpha = 2 * Double(lora.rank)
    },
    Key(
      "alpha", \.alpha, alpha, "Scale: an adapter's output is multiplied by alpha / rank. Twice `rank` where left out."),
    Key(
      "dropout", \.dropout, .number("a share from 0 to below 1") { (0..<1).contains($0) },
      "Share of a layer's inputs that a step hides from its adapter."),
    Key(
      "target_modules", \.targets, .targets,
      "Layers that get an adapter, by the ends of their names or by regular expressions: linear ones of the blocks, and "
        + "embed_tokens and lm_head where they are named."),
    Key("rank_pattern", \.rankPattern, .pattern(patternWords, rank), "Ranks of single modules, in place of `rank`."),
    Key(
      "alpha_pattern", \.alphaPattern, .pattern(patternWords, alpha), "Alphas of single modules, in place of `alpha`."),
    Key(
      "modules_to_save", \.modulesToSave,
      KeyForm.names("null, or a list of modules' names such as [embed_tokens, lm_head]").orNull
        .map({ $0 ?? [] }, { $0.isEmpty ? nil : $0 }),
      "Modules without an adapter whose own weights are trained."),
    Key(
      "trainable_token_indices", \.tokenIndices, .tokenIndices,
      "Tokens whose own rows are trained: a list is the embedding's, and the output projection's where the two are one "
        + "matrix. `base.chat_template` adds the tokens that it brings."),
    Key(
      "bias", \.biases, .word, "Biases that are trained themselves: none, all, or those of adapted layers (lora_only)."),
    Key("use_rslora", \.usesRankStabilization, .flag, "Scales by alpha / √rank instead of alpha / rank."),
    Key("use_dora", \.usesMagnitudes, .flag, "Trains a magnitude for each output feature beside the adapter (DoRA)."),
    Key(
      "loraplus_lr_ratio", \.learningRateRatio,
      KeyForm.number("null, or a number from 1 up") { $0 >= 1 && $0 <= 1e6 }.orNull,
      "Learning rate of B, and of magnitudes and biases, over that of A (LoRA+); null: one rate for all."),
    Key(
      "loraplus_lr_embedding", \.embeddingLearningRate, .number("a number above 0") { $0 > 0 && $0 <= 1 },
      "Highest learning rate of the embedding's adapter where loraplus_lr_ratio is set."),
    Key(
      "between_rounds", \.betweenRounds, .word,
      "Use of a round's adapter in the next: merge adds it to the base, continue trains it on, stack keeps it frozen "
        + "beside a new one. Stack where left out and `base.dtype` is not fp32."),
  ]
}

extension KeyForm<LoRASettings.Targets> {
  /// The form of `target_modules`: `all-linear`, one name, or a list of names.
  fileprivate static var targets: Self {
    let names = KeyForm<[String]>.names("all-linear, or a list of modules' names such as [q_proj, v_proj]")
    return KeyForm(words: names.words) { reader, key, _ throws(RecipeError) in
      if case .scalar("all-linear", _)? = reader.node(key)?.content { return .allLinear }
      return .named(try names.read(reader, key, nil))
    } write: { targets in
      switch targets {
      case .allLinear: .word("all-linear")
      case .named(let list): names.write(list)
      }
    }
  }
}

extension KeyForm {
  /// A mapping of modules' names to numbers; null is an empty one.
  fileprivate static func pattern<Item>(
    _ words: String, _ form: KeyForm<Item>
  ) -> Self where Value == [String: Item] {
    KeyForm.named(words, isEmptyAllowed: true, form).orNull.map({ $0 ?? [:] }, { $0 })
  }
}

extension Recipe {
  /// The keys of `method`.
  var methodSettings: MethodSettings {
    get {
      var settings = MethodSettings(base: baseStorage)
      if case .lora(let lora, let initial) = method {
        (settings.kind, settings.lora, settings.initialAdapter) = (.lora, lora, initial)
      } else if baseStorage != .fp32 {
        settings.lora.betweenRounds = .stack
      }
      return settings
    }
    set {
      method =
        switch newValue.kind {
        case .full: .full
        case .lora: .lora(newValue.lora, initial: newValue.initialAdapter)
        }
    }
  }

  /// Refuses `method: full` with a base whose dtype is not fp32.
  func checkTrainable(at reader: RecipeReader) throws(RecipeError) {
    guard method == .full, baseStorage != .fp32 else { return }
    throw RecipeError(
      place: reader.node("method")?.place ?? reader.place(of: "base"),
      message: "base.dtype \(baseStorage.rawValue) keeps the weights frozen, and method.type full trains them: "
        + "set method.type: lora, or base.dtype: fp32")
  }
}
