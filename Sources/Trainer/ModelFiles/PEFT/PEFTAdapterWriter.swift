import Foundation

/// A weight that an adapter's file holds whole, or rows of one.
struct SavedWeight {
  /// The module whose weight it is; nil for a bias, and for rows of tokens.
  let module: String?
  /// The tensor's key in the file.
  let key: String
  /// Sizes of the weight's dimensions, rows first.
  let shape: [Int]
  /// The weight's numbers, row by row.
  let values: [Float]

  /// A module of `modules_to_save`.
  init(module: String, shape: [Int], values: [Float]) {
    (self.module, key, self.shape, self.values) = (module, LoRATarget.key(ofSaved: module), shape, values)
  }

  /// Rows of tokens.
  init(_ rows: TokenRows, values: [Float]) {
    (module, key, shape, self.values) = (nil, rows.parameter.name, rows.parameter.shape, values)
  }

  /// The bias of a module; PEFT keeps it in the layer beneath an adapted one.
  init(biasOf module: String, isAdapted: Bool, values: [Float]) {
    key = LoRATarget.prefix + module + (isAdapted ? ".base_layer" : "") + ".bias"
    (self.module, shape, self.values) = (nil, [values.count], values)
  }
}

/// Writes adapters that PEFT loads as they stand.
package enum PEFTAdapterWriter {
  /// Writes adapter_config.json and adapter_model.safetensors.
  ///
  /// - Parameters:
  ///   - targets: the adapted layers, with the ranks and alphas of what is written.
  ///   - saved: the weights that stand in the place of the base's.
  ///   - tokenRows: rows of tokens that stand in the place of the base's.
  ///   - biases: those among `saved`, as PEFT's `bias` says it.
  ///   - base: the model that it adapts: a path or a name.
  ///   - baseSha256: of the base's weights.
  static func write(
    _ targets: [LoRATarget], _ matrices: LoRAMatrices, saved: [SavedWeight],
    tokenRows: [(rows: TokenRows, values: [Float])] = [], biases: LoRASettings.Biases, usesRankStabilization: Bool,
    base: String, baseSha256: String?, to folder: URL
  ) throws {
    try FileManager.default.makeFolder(at: folder)
    var metadata = ["format": "pt"]
    metadata[PEFTAdapter.hashKey] = baseSha256
    let whole = saved + tokenRows.map { SavedWeight($0.rows, values: $0.values) }
    try SafetensorsWriter.write(
      targets.flatMap(\.storedParameters) + whole.map { ParameterDescription(name: $0.key, shape: $0.shape) },
      metadata: metadata, to: folder.appending(path: PEFTAdapter.weightsName)
    ) { name in
      if let weight = whole.first(where: { $0.key == name }) { return weight.values }
      guard let target = targets.first(where: { [$0.a, $0.b, $0.magnitude].contains(name) }),
        let pair = matrices[target.module]
      else { preconditionFailure("\(name) is no matrix of the adapter") }
      if name == target.a { return target.stored(pair.a, rows: target.rank) }
      return name == target.b ? target.stored(pair.b, rows: target.outFeatures) : pair.magnitude ?? []
    }
    let config = Config(
      targets, modulesToSave: saved.compactMap(\.module), tokenRows: tokenRows.map(\.rows), biases: biases,
      usesRankStabilization: usesRankStabilization, base: base)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try AtomicFile.write(
      try encoder.encode(config) + Data("\n".utf8), to: folder.appending(path: PEFTAdapter.configName))
  }

  /// The keys that PEFT reads; what is left out has its default.
  private struct Config: Encodable {
    let peftType = "LORA"
    let taskType = "CAUSAL_LM"
    let baseModelNameOrPath: String
    let inferenceMode = true
    let r: Int
    let loraAlpha: Double
    let loraDropout = 0.0
    let targetModules: [String]
    let modulesToSave: [String]?
    let trainableTokenIndices: [String: [Int]]?
    let bias: String
    let fanInFanOut = false
    let useRslora: Bool
    let useDora: Bool
    let initLoraWeights = true
    /// Modules whose rank or alpha is another than the first one's.
    let rankPattern: [String: Int]
    let alphaPattern: [String: Double]

    init(
      _ targets: [LoRATarget], modulesToSave: [String], tokenRows: [TokenRows], biases: LoRASettings.Biases,
      usesRankStabilization: Bool, base: String
    ) {
      bias = biases.rawValue
      self.modulesToSave = modulesToSave.isEmpty ? nil : modulesToSave
      let indices = tokenRows.map { ($0.module.split(separator: ".").last.map(String.init) ?? $0.module, $0.indices) }
      trainableTokenIndices = indices.isEmpty ? nil : Dictionary(uniqueKeysWithValues: indices)
      baseModelNameOrPath = base
      let (rank, alpha) = (targets.first?.rank ?? 0, targets.first?.alpha ?? 0)
      r = rank
      loraAlpha = alpha
      targetModules = targets.map(\.module)
      useRslora = usesRankStabilization
      useDora = targets.first?.hasMagnitude == true
      rankPattern = Dictionary(
        uniqueKeysWithValues: targets.filter { $0.rank != rank }.map { ($0.module, $0.rank) })
      alphaPattern = Dictionary(
        uniqueKeysWithValues: targets.filter { $0.alpha != alpha }.map { ($0.module, $0.alpha) })
    }
  }
}
