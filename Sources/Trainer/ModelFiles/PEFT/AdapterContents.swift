/// The tensors of an adapter's file against its base and its configuration: each has a use, or is refused by name.
struct AdapterContents {
  /// A weight of the model, and its key in the file.
  typealias Stored = (parameter: ParameterDescription, key: String)

  /// The adapted layers, in the model's order.
  private(set) var targets: [LoRATarget] = []
  /// The weights that stand in the place of the base's, in the model's order.
  private(set) var saved: [Stored] = []
  /// The rows of tokens that stand in the place of the base's.
  private(set) var tokenRows: [TokenRows] = []
  /// Copies of the base's own weights: PEFT writes those of an adapted embedding.
  private(set) var copies: [Stored] = []

  private let tensors: AdapterTensors
  private let configuration: LlamaConfiguration
  private let fields: ConfigurationFields
  private var path: String { tensors.file.path }
  /// Keys without a use so far.
  private var rest: Set<String>

  /// - Parameter fields: of adapter_config.json.
  init(
    _ tensors: AdapterTensors, of configuration: LlamaConfiguration, fields: ConfigurationFields
  ) throws(FileError) {
    (self.tensors, self.configuration, self.fields) = (tensors, configuration, fields)
    rest = Set(tensors.keys)
    try readTargets()
    try readSaved()
    try readBiases()
    try readTokenRows()
    readCopies()
    if let stranger = rest.min() {
      throw .unsupported(
        path, "tensor \"\(tensors.name(stranger))\" adapts no layer of this base",
        remedy: "give the adapter of this base, or merge it with PEFT's merge_and_unload")
    }
    guard !targets.isEmpty else {
      throw .invalid(path, "the adapter holds no tensor", remedy: "save it again")
    }
    for key in (saved + copies).map(\.key) + tokenRows.map(\.parameter.name) {
      if let entry = tensors.entry(key) { _ = try tensors.file.storage(of: entry) }
    }
  }

  private mutating func readTargets() throws(FileError) {
    let usesRankStabilization = try fields.bool("use_rslora") ?? false
    let alpha = try fields.number("lora_alpha") ?? 8
    let alphas = try fields.patternValues("alpha_pattern")
    let ranks = try fields.patternValues("rank_pattern")
    let commonRank = try fields.number("r")
    let hasMagnitudes = try fields.bool("use_dora") ?? false
    for module in configuration.adaptableModules {
      func target(ofRank rank: Int) -> LoRATarget {
        LoRATarget(
          module: module.name, kind: module.kind, weight: module.weight, inFeatures: module.inFeatures,
          outFeatures: module.outFeatures, parts: module.parts, rank: rank, alpha: alphas[module.name] ?? alpha,
          usesRankStabilization: usesRankStabilization, hasMagnitude: hasMagnitudes)
      }
      let names = target(ofRank: 1)
      guard let a = tensors.entry(names.a), let b = tensors.entry(names.b) else { continue }
      let rank = (module.kind == .embedding ? b : a).shape.first ?? 0
      let found = target(ofRank: max(rank, 1))
      guard rank > 0, [a.shape, b.shape] == found.storedParameters.prefix(2).map(\.shape) else {
        throw .invalid(
          path,
          "lora_A \(a.shape) and lora_B \(b.shape) do not suit \(module.name), which is "
            + "\(module.outFeatures) by \(module.inFeatures)", remedy: "give the adapter of this base")
      }
      for entry in [a, b] { _ = try tensors.file.storage(of: entry) }
      // The scale is alpha over the rank: a configuration of another rank is another adapter's.
      if let stated = ranks[module.name] ?? commonRank, stated != Double(rank) {
        throw .invalid(
          path,
          "\(module.name) has rank \(rank), but r or rank_pattern of \(PEFTAdapter.configName) makes it \(stated)",
          remedy: "give the configuration that belongs to these tensors")
      }
      if hasMagnitudes { try checkMagnitude(of: found) }
      rest.subtract(found.parameters.map(\.name))
      targets.append(found)
    }
  }

  private func checkMagnitude(of target: LoRATarget) throws(FileError) {
    guard target.kind == .linear else {
      throw fields.unsupported(
        "use_dora", "is true, and \(target.module) is adapted", remedy: "merge it with PEFT's merge_and_unload")
    }
    guard let magnitude = tensors.entry(target.magnitude), magnitude.shape == [target.outFeatures] else {
      throw .invalid(
        path, "use_dora is true, and \(target.module) has no lora_magnitude_vector of \(target.outFeatures)",
        remedy: "save the adapter again, or set use_dora to false")
    }
    _ = try tensors.file.storage(of: magnitude)
  }

  private mutating func readSaved() throws(FileError) {
    for weight in configuration.savableWeights {
      let keys = configuration.modules(of: weight).map(LoRATarget.key(ofSaved:))
      let entries = keys.compactMap(tensors.entry)
      guard let entry = entries.first else { continue }
      try check(entry, as: weight)
      // The base ties embedding and lm_head; PEFT saves both. Refuse unless both are present and equal.
      guard entries.count == keys.count, entries.dropFirst().allSatisfy({ tensors.file.isSame($0, entry) }) else {
        throw .unsupported(
          path, "it trains the embedding apart from the output projection, which are one matrix in the base",
          remedy: "train it with ensure_weight_tying, or merge it with PEFT's merge_and_unload")
      }
      rest.subtract(keys)
      saved.append((weight, keys[0]))
    }
  }

  /// Biases are the adapter's own where its configuration says so; others are copies of the base's.
  private mutating func readBiases() throws(FileError) {
    let word = try fields.string("bias") ?? LoRASettings.Biases.none.rawValue
    guard let biases = LoRASettings.Biases(rawValue: word) else {
      throw fields.unsupported("bias", "is \(word)", remedy: "give an adapter with bias none, all or lora_only")
    }
    let adapted = Set(targets.map(\.module))
    for bias in configuration.parameters {
      guard let module = bias.biasModule, biases == .all || biases == .adapted && adapted.contains(module) else {
        continue
      }
      let keys = [Self.copyKey(bias.name), LoRATarget.prefix + bias.name]
      guard let key = keys.first(where: { tensors.entry($0) != nil }), let entry = tensors.entry(key) else {
        throw .invalid(
          path, "bias is \(word), and the bias of \(module) is missing",
          remedy: "save it again by PEFT 0.17 or later, which saves the biases of adapted layers")
      }
      try check(entry, as: bias)
      rest.remove(key)
      saved.append((bias, key))
    }
    let order = Dictionary(uniqueKeysWithValues: configuration.parameters.enumerated().map { ($1.name, $0) })
    saved.sort { order[$0.parameter.name] ?? 0 < order[$1.parameter.name] ?? 0 }
  }

  private mutating func readTokenRows() throws(FileError) {
    let indices = try fields.tokenIndices
    do throws(LoRASettings.Unsuitable) {
      tokenRows = try TokenRows.all(indices, in: configuration)
    } catch {
      throw .unsupported(path, "\(error.key): \(error.problem)", remedy: error.remedy)
    }
    let taken = Set(targets.map(\.weight) + saved.map(\.parameter.name))
    for rows in tokenRows {
      guard let entry = tensors.entry(rows.parameter.name), entry.shape == rows.parameter.shape else {
        throw .invalid(
          path,
          "\(TokenRows.key) names \(rows.indices.count) tokens of \(rows.module), and the file has no "
            + "trainable_tokens_delta of \(rows.parameter.shape)", remedy: "save the adapter again")
      }
      guard !taken.contains(rows.weight) else {
        throw .unsupported(
          path, "\(TokenRows.key) names rows of \(rows.module), which is adapted or saved whole as well",
          remedy: "merge it with PEFT's merge_and_unload")
      }
      rest.remove(rows.parameter.name)
    }
  }

  private mutating func readCopies() {
    for parameter in configuration.parameters {
      let isTied = configuration.tieWordEmbeddings && parameter.name == LlamaParameterName.embedding
      let names = isTied ? [parameter.name, LlamaParameterName.output] : [parameter.name]
      for key in names.map(Self.copyKey) + [LoRATarget.prefix + parameter.name] where rest.remove(key) != nil {
        copies.append((parameter, key))
      }
    }
  }

  /// PEFT's key of a base's weight in an adapted module.
  private static func copyKey(_ name: String) -> String {
    guard let dot = name.lastIndex(of: ".") else { return name }
    return LoRATarget.prefix + name[..<dot] + ".base_layer" + name[dot...]
  }

  private func check(_ entry: SafetensorsEntry, as weight: ParameterDescription) throws(FileError) {
    guard entry.shape != weight.shape else { return }
    throw .invalid(
      path, "\(weight.name) is \(entry.shape) here and \(weight.shape) in the base",
      remedy: "give the adapter of this base")
  }
}

extension ConfigurationFields {
  /// An object of numbers by modules' patterns; none where it is absent.
  fileprivate func patternValues(_ key: String) throws(FileError) -> PatternValues<Double> {
    var numbers: [String: Double] = [:]
    if let section = try section(key) {
      for member in section.object.members { numbers[member.key] = try section.number(member.key) }
    }
    do throws(ModulePattern.Invalid) { return try PatternValues(numbers) } catch {
      throw unsupported(
        key, "has '\(error.text)', which is no regular expression", remedy: "name modules by their ends")
    }
  }
}
