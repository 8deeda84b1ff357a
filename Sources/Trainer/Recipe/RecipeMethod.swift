import Foundation

/// What is trained (`method`).
package enum TrainingMethod: Sendable, Equatable {
  /// Every weight.
  case full
  /// Low-rank adapters beside frozen weights; the first round's starts from `initial`, a PEFT folder, where given.
  case lora(LoRASettings, initial: URL?)

  /// The words of `method.type`.
  enum Kind: String, CaseIterable {
    case full, lora
  }
}

/// The `method` mapping.
extension RecipeDecoding {
  private static let loraKeys = [
    "rank", "alpha", "dropout", "target_modules", "rank_pattern", "alpha_pattern", "modules_to_save", "use_rslora",
    "use_dora", "between_rounds", "init_adapter",
  ]

  private static let patternForm = "a mapping of modules' names to numbers, as in {down_proj: 16}"

  /// - Parameter base: how the base is kept: only fp32 can be trained, or be merged into.
  static func method(_ reader: RecipeReader, base: BaseStorage) throws(RecipeError) -> TrainingMethod {
    guard let node = reader.node("method") else {
      try checkTrainable(base, at: reader.node("base")?.place ?? reader.place)
      return .full
    }
    let method = try reader.mapping(node, "method", known: ["type"] + loraKeys)
    switch try method.word("type", as: TrainingMethod.Kind.self) ?? .full {
    case .full:
      guard let (key, extra) = loraKeys.lazy.compactMap({ key in method.node(key).map { (key, $0) } }).first else {
        try checkTrainable(base, at: node.place)
        return .full
      }
      throw RecipeError(
        place: extra.place,
        message: "method.\(key) is read by method.type lora alone, and the type is full: remove it, or set type: lora")
    case .lora:
      let isNull = method.node("init_adapter")?.isNull ?? true
      return .lora(try lora(method, base: base), initial: isNull ? nil : try method.path("init_adapter"))
    }
  }

  private static func checkTrainable(_ base: BaseStorage, at place: String) throws(RecipeError) {
    guard base != .fp32 else { return }
    throw RecipeError(
      place: place,
      message: "base.dtype \(base.rawValue) keeps the weights frozen, and method.type full trains them: "
        + "set method.type: lora, or base.dtype: fp32")
  }

  private static func lora(_ method: RecipeReader, base: BaseStorage) throws(RecipeError) -> LoRASettings {
    var settings = LoRASettings()
    if let rank = try method.integer("rank", in: 1...(1 << 16)) { settings.rank = rank }
    // Twice the rank, as fine-tuning recipes have it, where nothing else is said.
    settings.alpha =
      try method.number("alpha", allowed: "a number above 0") { $0 > 0 && $0 <= 1e6 } ?? 2 * Double(settings.rank)
    if let rate = try method.number("dropout", allowed: "a share from 0 to below 1", where: { (0..<1).contains($0) }) {
      settings.dropout = rate
    }
    settings.targets = try targets(method)
    settings.modulesToSave = try modulesToSave(method)
    if let (names, ranks) = try method.namedMapping("rank_pattern", allowed: patternForm) {
      for name in names { settings.rankPattern[name] = try ranks.integer(name, in: 1...(1 << 16)) }
    }
    if let (names, alphas) = try method.namedMapping("alpha_pattern", allowed: patternForm) {
      for name in names {
        settings.alphaPattern[name] = try alphas.number(name, allowed: "a number above 0") { $0 > 0 && $0 <= 1e6 }
      }
    }
    if let flag = try method.boolean("use_rslora") { settings.usesRankStabilization = flag }
    if let flag = try method.boolean("use_dora") { settings.usesMagnitudes = flag }
    settings.betweenRounds = base == .fp32 ? .merge : .stack
    guard let word = try method.word("between_rounds", as: LoRASettings.BetweenRounds.self),
      let node = method.node("between_rounds")
    else { return settings }
    if base != .fp32, word == .merge {
      throw RecipeError(
        place: node.place,
        message: "method.between_rounds merge would add to weights that base.dtype keeps in \(base.rawValue): "
          + "set between_rounds: stack, or base.dtype: fp32")
    }
    settings.betweenRounds = word
    return settings
  }

  /// `all-linear`, one name, or a list of names.
  private static func targets(_ method: RecipeReader) throws(RecipeError) -> LoRASettings.Targets {
    guard let node = method.node("target_modules") else { return .allLinear }
    if case .scalar("all-linear", _) = node.content { return .allLinear }
    return .named(
      try names(
        method, "target_modules", node, allowed: "all-linear, or a list of modules' names such as [q_proj, v_proj]"))
  }

  /// Null, one name, or a list of names.
  private static func modulesToSave(_ method: RecipeReader) throws(RecipeError) -> [String] {
    let key = "modules_to_save"
    guard let node = method.node(key), !node.isNull else { return [] }
    return try names(method, key, node, allowed: "null, or a list of modules' names such as [embed_tokens, lm_head]")
  }

  private static func names(
    _ method: RecipeReader, _ key: String, _ node: RecipeNode, allowed: String
  ) throws(RecipeError) -> [String] {
    switch node.content {
    case .scalar(let text, _) where !text.isEmpty && !node.isNull: return [text]
    case .sequence(let items) where !items.isEmpty:
      var names: [String] = []
      for item in items {
        guard case .scalar(let text, _) = item.content, !text.isEmpty else {
          throw method.error(key, item, allowed: allowed)
        }
        names.append(text)
      }
      return names
    default: throw method.error(key, node, allowed: allowed)
    }
  }
}

extension TrainingMethod {
  /// The method as YAML.
  var yaml: String {
    guard case .lora(let settings, let initial) = self else { return "{type: full}" }
    func mapping(_ pairs: [(String, String)]) -> String {
      "{" + pairs.map { "\(RecipeYAML.text($0)): \($1)" }.joined(separator: ", ") + "}"
    }
    func list(_ names: [String]) -> String { "[" + names.map(RecipeYAML.text).joined(separator: ", ") + "]" }
    let targets: String =
      switch settings.targets {
      case .allLinear: "all-linear"
      case .named(let names): list(names)
      }
    let ranks = settings.rankPattern.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
    let alphas = settings.alphaPattern.sorted { $0.key < $1.key }.map { ($0.key, RecipeYAML.number($0.value)) }
    return "{type: lora, rank: \(settings.rank), alpha: \(RecipeYAML.number(settings.alpha)), "
      + "dropout: \(RecipeYAML.number(settings.dropout)), "
      + "target_modules: \(targets), rank_pattern: \(mapping(ranks)), alpha_pattern: \(mapping(alphas)), "
      + "modules_to_save: \(settings.modulesToSave.isEmpty ? "null" : list(settings.modulesToSave)), "
      + "use_rslora: \(settings.usesRankStabilization), use_dora: \(settings.usesMagnitudes), "
      + "between_rounds: \(settings.betweenRounds.rawValue), "
      + "init_adapter: \(initial.map { RecipeYAML.text($0.path) } ?? "null")}"
  }
}
