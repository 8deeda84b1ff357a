/// Settings of low-rank adapters (`method: {type: lora, …}`): layers, ranks, scale, and the adapter's use between
/// rounds.
///
/// A linear layer y = W·x becomes y = W·x + s·B·(A·x), with A [r, in] and B [out, r] trained and W frozen; s is alpha /
/// r, or alpha / √r where `usesRankStabilization`. With `usesMagnitudes`, each output is then scaled to a trained
/// magnitude m [out]: y = m · (W + s·B·A)·x / ‖row of W + s·B·A‖.
///
/// - Source: arXiv:2106.09685 (LoRA), arXiv:2312.03732 (rank stabilisation), arXiv:2402.09353 (DoRA), arXiv:2402.12354
///   (LoRA+); names and defaults as in PEFT's LoraConfig.
package struct LoRASettings: Sendable, Equatable {
  /// Layers that are adapted (`target_modules`).
  package enum Targets: Sendable, Equatable {
    /// All linear layers of every block; the output projection belongs to no block.
    case allLinear
    /// Modules by the end of their names, such as `q_proj` or `layers.0.mlp.up_proj`, or by regular expressions, such as
    /// `layers\.[0-3]\..*_proj`. `embed_tokens` and `lm_head` are adapted where a text names them.
    case named([String])
  }

  /// Biases that are trained themselves (`bias`).
  package enum Biases: String, Sendable, CaseIterable {
    case none
    /// All of the model's.
    case all
    /// Those of adapted layers.
    case adapted = "lora_only"
  }

  /// Use of a round's adapter in the next round (`between_rounds`).
  package enum BetweenRounds: String, Sendable, CaseIterable {
    /// The adapter is added to the frozen weights, and a new one begins.
    case merge
    /// The adapter is trained on.
    case `continue`
    /// The adapter stays beside the weights, frozen, and a new one begins.
    case stack
  }

  package var rank = 8
  package var alpha = 16.0
  /// Share of a layer's inputs that a step hides from the adapter.
  package var dropout = 0.0
  package var targets = Targets.allLinear
  /// Ranks and alphas of some modules, as `Targets.named` names them (`rank_pattern`, `alpha_pattern`).
  package var rankPattern: [String: Int] = [:]
  package var alphaPattern: [String: Double] = [:]
  /// True: the scale is alpha / √r (`use_rslora`).
  package var usesRankStabilization = false
  /// True: magnitudes are trained, as in DoRA (`use_dora`).
  package var usesMagnitudes = false
  package var betweenRounds = BetweenRounds.merge
  /// Modules without an adapter whose own weights are trained, named as in `Targets.named` (`modules_to_save`).
  package var modulesToSave: [String] = []
  /// Tokens whose rows of embedding or output projection are trained, by the ends of the modules' names
  /// (`trainable_token_indices`).
  package var tokenIndices: [String: [Int]] = [:]
  package var biases = Biases.none
  /// Learning rate of B over that of A (LoRA+); nil: one rate for both.
  package var learningRateRatio: Double?
  /// Highest learning rate of the embedding's adapter under LoRA+.
  package var embeddingLearningRate = 1e-6

  package init() {}
}

extension LoRASettings {
  /// Settings that suit no adapter of the model.
  package struct Unsuitable: Error, Equatable {
    /// The key of `method`.
    package let key: String
    package let problem: String
    package let remedy: String

    init(key: String, problem: String, remedy: String) {
      (self.key, self.problem, self.remedy) = (key, problem, remedy)
    }

    fileprivate init(_ fault: ModulePattern.Invalid, key: String) {
      self.init(
        key: key, problem: "'\(fault.text)' is no regular expression",
        remedy: #"give the end of a module's name, such as q_proj, or a pattern such as layers\.[0-3]\..*_proj"#)
    }
  }

  /// The layers of a model that are adapted, in the model's order.
  ///
  /// - Throws: `Unsuitable` for a name that fits no linear layer, and for a rank above a layer's sizes.
  package func targets(in configuration: LlamaConfiguration) throws(Unsuitable) -> [LoRATarget] {
    let modules = configuration.adaptableModules
    let names = modules.map(\.name)
    var wanted: [ModulePattern]?
    if case .named(let texts) = targets { wanted = try Self.patterns(texts, key: "target_modules", among: names) }
    func isWanted(_ module: LlamaConfiguration.AdaptableModule) -> Bool {
      let isTable = LlamaParameterName.tables.contains(module.weight)
      guard let wanted else { return !isTable }
      // An expression such as `.*` means the layers of the blocks.
      return wanted.contains { $0.matches(module.name) && (!isTable || $0.names(module.name)) }
    }
    let ranks = try Self.values(rankPattern, key: "rank_pattern", among: names)
    let alphas = try Self.values(alphaPattern, key: "alpha_pattern", among: names)
    var found: [LoRATarget] = []
    for module in modules where isWanted(module) {
      let rank = ranks[module.name] ?? self.rank
      let alpha = alphas[module.name] ?? self.alpha
      guard rank <= min(module.inFeatures, module.outFeatures) else {
        throw Unsuitable(
          key: rankPattern.isEmpty ? "rank" : "rank_pattern",
          problem: "\(rank) is more than \(module.name) has: it is \(module.outFeatures) by \(module.inFeatures)",
          remedy: "take a rank of at most \(min(module.inFeatures, module.outFeatures))")
      }
      found.append(
        LoRATarget(
          module: module.name, kind: module.kind, weight: module.weight, inFeatures: module.inFeatures,
          outFeatures: module.outFeatures, parts: module.parts, rank: rank, alpha: alpha,
          usesRankStabilization: usesRankStabilization, hasMagnitude: usesMagnitudes))
    }
    try checkTables(found, in: configuration)
    return found
  }

  /// Refuses what adapters of embedding and output projection cannot do.
  private func checkTables(_ targets: [LoRATarget], in configuration: LlamaConfiguration) throws(Unsuitable) {
    let saved = try savedModules(in: configuration)
    for target in targets where LlamaParameterName.tables.contains(target.weight) {
      if usesMagnitudes {
        throw Unsuitable(
          key: "use_dora", problem: "\(target.module) can have an adapter, but no magnitudes",
          remedy: "leave it out of target_modules, or set use_dora: false")
      }
      if saved.contains(where: { $0.name == target.weight }) {
        throw Unsuitable(
          key: "modules_to_save", problem: "\(target.module) is adapted, and its weight is trained itself",
          remedy: "name it in target_modules or in modules_to_save")
      }
      if betweenRounds == .merge, configuration.tieWordEmbeddings {
        throw Unsuitable(
          key: "between_rounds",
          problem: "merge would add the adapter of \(target.module) to the one matrix that is embedding and output "
            + "projection", remedy: "set between_rounds: stack, or continue")
      }
    }
  }

  /// The weights that the adapter trains a copy of (`modules_to_save`, `bias`), in the model's order.
  package func savedWeights(in configuration: LlamaConfiguration) throws(Unsuitable) -> [ParameterDescription] {
    let weights = try savedModules(in: configuration)
    var modules: Set<String>?
    if biases == .adapted { modules = Set(try targets(in: configuration).map(\.module)) }
    return configuration.parameters.filter { parameter in
      if weights.contains(parameter) { return true }
      guard biases != .none, let module = parameter.biasModule else { return false }
      return modules?.contains(module) ?? true
    }
  }

  /// The weights of `modules_to_save`, in the model's order. Where the output projection is the embedding, both names
  /// mean the one matrix.
  private func savedModules(in configuration: LlamaConfiguration) throws(Unsuitable) -> [ParameterDescription] {
    let weights = configuration.savableWeights
    let patterns = try Self.patterns(
      modulesToSave, key: "modules_to_save", among: weights.flatMap(configuration.modules),
      kind: "embedding, head or norm")
    return weights.filter { weight in
      configuration.modules(of: weight).contains { module in patterns.contains { $0.matches(module) } }
    }
  }

  private static func values<Value>(
    _ values: [String: Value], key: String, among modules: [String]
  ) throws(Unsuitable) -> PatternValues<Value> {
    _ = try patterns(values.keys.sorted(), key: key, among: modules)
    do { return try PatternValues(values) } catch { throw Unsuitable(error, key: key) }
  }

  /// The patterns of a key; throws for one that fits none of the modules.
  private static func patterns(
    _ texts: [String], key: String, among modules: [String], kind: String = "layer that can be adapted"
  ) throws(Unsuitable) -> [ModulePattern] {
    var patterns: [ModulePattern] = []
    for name in texts {
      do { patterns.append(try ModulePattern(name)) } catch { throw Unsuitable(error, key: key) }
      if modules.contains(where: patterns[patterns.count - 1].matches) { continue }
      var ends: [String] = []
      for module in modules {
        let end = module.split(separator: ".").last.map(String.init) ?? module
        if !ends.contains(end) { ends.append(end) }
      }
      let nearest = EditDistance.nearest(to: name, among: ends) ?? ""
      throw Unsuitable(
        key: key, problem: "'\(name)' is no \(kind) of the model",
        remedy: "the nearest is '\(nearest)' of \(ends.joined(separator: ", "))")
    }
    return patterns
  }
}

extension LlamaConfiguration {
  /// Embedding, norms and output projection: the weights that are neither a block's linear layer nor a bias.
  package var savableWeights: [ParameterDescription] {
    parameters.filter { $0.name.hasSuffix(".weight") && !$0.name.hasSuffix("_proj.weight") }
  }

  /// Names of the modules that hold such a weight: two where the output projection is the embedding.
  func modules(of weight: ParameterDescription) -> [String] {
    let isShared = tieWordEmbeddings && weight.name == LlamaParameterName.embedding
    return (isShared ? [weight.name, LlamaParameterName.output] : [weight.name])
      .map { String($0.dropLast(".weight".count)) }
  }
}

extension ParameterDescription {
  /// The module whose bias this is; nil for other parameters.
  var biasModule: String? { name.hasSuffix(".bias") ? String(name.dropLast(".bias".count)) : nil }
}
