/// Settings of low-rank adapters (`method: {type: lora, …}`): layers, ranks, scale, and the adapter's use between
/// rounds.
///
/// A linear layer y = W·x becomes y = W·x + s·B·(A·x), with A [r, in] and B [out, r] trained and W frozen; s is alpha /
/// r, or alpha / √r where `usesRankStabilization`. With `usesMagnitudes`, each output is then scaled to a trained
/// magnitude m [out]: y = m · (W + s·B·A)·x / ‖row of W + s·B·A‖.
///
/// - Source: arXiv:2106.09685 (LoRA), arXiv:2312.03732 (rank stabilisation), arXiv:2402.09353 (DoRA); names and
///   defaults as in PEFT's LoraConfig.
package struct LoRASettings: Sendable, Equatable {
  /// Linear layers that are adapted (`target_modules`).
  package enum Targets: Sendable, Equatable {
    /// All linear layers of every block; the output projection belongs to no block.
    case allLinear
    /// Modules by the end of their names, such as `q_proj` or `layers.0.mlp.up_proj`, or by regular expressions, such as
    /// `layers\.[0-3]\..*_proj`.
    case named([String])
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

  package init() {}
}

/// One adapted linear layer.
package struct LoRATarget: Sendable, Equatable {
  /// The module, such as `model.layers.0.self_attn.q_proj`.
  package let module: String
  package let inFeatures: Int
  package let outFeatures: Int
  /// Rows of the parts of a fused matrix (`ParameterDescription.parts`): B has the same, A is theirs together.
  package let parts: [Int]
  package let rank: Int
  package let alpha: Double
  /// Factor of B·A·x: alpha / r, or alpha / √r.
  package let scale: Double
  /// True where outputs are scaled to a trained magnitude (DoRA).
  package let hasMagnitude: Bool

  package init(
    module: String, inFeatures: Int, outFeatures: Int, parts: [Int] = [], rank: Int, alpha: Double,
    usesRankStabilization: Bool, hasMagnitude: Bool = false
  ) {
    self.parts = parts
    self.hasMagnitude = hasMagnitude
    self.module = module
    self.inFeatures = inFeatures
    self.outFeatures = outFeatures
    self.rank = rank
    self.alpha = alpha
    scale = alpha / (usesRankStabilization ? Double(rank).squareRoot() : Double(rank))
  }

  /// Key of the adapted weight in the model.
  package var weight: String { module + ".weight" }
  /// PEFT's keys of A, B and the magnitudes.
  package var a: String { Self.prefix + module + ".lora_A.weight" }
  package var b: String { Self.prefix + module + ".lora_B.weight" }
  package var magnitude: String { Self.prefix + module + ".lora_magnitude_vector" }

  package var parameters: [ParameterDescription] {
    [
      ParameterDescription(name: a, shape: [rank, inFeatures]),
      ParameterDescription(name: b, shape: [outFeatures, rank], parts: parts),
    ] + (hasMagnitude ? [ParameterDescription(name: magnitude, shape: [outFeatures], parts: parts)] : [])
  }

  static let prefix = "base_model.model."
  /// PEFT's key of a module that is saved whole.
  static func key(ofSaved module: String) -> String { prefix + module + ".weight" }
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
    let modules = configuration.linearModules
    let names = modules.map(\.name)
    var wanted: [ModulePattern]?
    if case .named(let texts) = targets { wanted = try Self.patterns(texts, key: "target_modules", among: names) }
    let ranks = try Self.values(rankPattern, key: "rank_pattern", among: names)
    let alphas = try Self.values(alphaPattern, key: "alpha_pattern", among: names)
    var found: [LoRATarget] = []
    for module in modules where wanted?.contains(where: { $0.matches(module.name) }) ?? true {
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
          module: module.name, inFeatures: module.inFeatures, outFeatures: module.outFeatures, parts: module.parts,
          rank: rank, alpha: alpha, usesRankStabilization: usesRankStabilization, hasMagnitude: usesMagnitudes))
    }
    return found
  }

  /// The weights that the adapter trains a copy of (`modules_to_save`), in the model's order. Where the output
  /// projection is the embedding, both names mean the one matrix.
  package func savedWeights(in configuration: LlamaConfiguration) throws(Unsuitable) -> [ParameterDescription] {
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
    _ texts: [String], key: String, among modules: [String], kind: String = "linear layer"
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

  /// The linear layers of all blocks: names without `.weight`, and sizes.
  package var linearModules: [(name: String, inFeatures: Int, outFeatures: Int, parts: [Int])] {
    parameters.filter { $0.shape.count == 2 && $0.name.hasSuffix("_proj.weight") }
      .map { (String($0.name.dropLast(".weight".count)), $0.shape[1], $0.shape[0], $0.parts) }
  }
}
