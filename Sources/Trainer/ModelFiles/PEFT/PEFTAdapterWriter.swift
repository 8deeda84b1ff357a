import Foundation

/// A module's weight that an adapter's file holds whole.
struct SavedWeight {
  /// The module whose weight it is.
  let module: String
  /// Sizes of the weight's dimensions, rows first.
  let shape: [Int]
  /// The weight's numbers, row by row.
  let values: [Float]

  /// The tensor's key in the file.
  var key: String { LoRATarget.key(ofSaved: module) }
}

/// Writes adapters that PEFT loads as they stand.
package enum PEFTAdapterWriter {
  /// Writes adapter_config.json and adapter_model.safetensors.
  ///
  /// - Parameters:
  ///   - targets: the adapted layers, with the ranks and alphas of what is written.
  ///   - saved: the weights that stand in the place of the base's.
  ///   - base: the model that it adapts: a path or a name.
  ///   - baseSha256: of the base's weights.
  static func write(
    _ targets: [LoRATarget], _ matrices: LoRAMatrices, saved: [SavedWeight], usesRankStabilization: Bool, base: String,
    baseSha256: String?, to folder: URL
  ) throws {
    try FileManager.default.makeFolder(at: folder)
    var metadata = ["format": "pt"]
    metadata[PEFTAdapter.hashKey] = baseSha256
    try SafetensorsWriter.write(
      targets.flatMap(\.parameters) + saved.map { ParameterDescription(name: $0.key, shape: $0.shape) },
      metadata: metadata, to: folder.appending(path: PEFTAdapter.weightsName)
    ) { name in
      if let weight = saved.first(where: { $0.key == name }) { return weight.values }
      guard let target = targets.first(where: { [$0.a, $0.b, $0.magnitude].contains(name) }),
        let pair = matrices[target.module]
      else { preconditionFailure("\(name) is no matrix of the adapter") }
      return name == target.a ? pair.a : name == target.b ? pair.b : pair.magnitude ?? []
    }
    let config = Config(
      targets, modulesToSave: saved.map(\.module), usesRankStabilization: usesRankStabilization, base: base)
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
    let bias = "none"
    let fanInFanOut = false
    let useRslora: Bool
    let useDora: Bool
    let initLoraWeights = true
    /// Modules whose rank or alpha is another than the first one's.
    let rankPattern: [String: Int]
    let alphaPattern: [String: Double]

    init(_ targets: [LoRATarget], modulesToSave: [String], usesRankStabilization: Bool, base: String) {
      self.modulesToSave = modulesToSave.isEmpty ? nil : modulesToSave
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
