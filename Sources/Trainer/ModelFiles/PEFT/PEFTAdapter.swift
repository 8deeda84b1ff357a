import Foundation

/// A LoRA adapter as PEFT writes it: adapter_config.json and adapter_model.safetensors.
///
/// The file's tensors show the adapted layers; the configuration gives the scales. `PEFTConfigurationKeys` says what
/// becomes of each of its keys.
package struct PEFTAdapter: Sendable {
  /// The adapter's folder.
  package let url: URL
  /// `base_model_name_or_path`; nil: not given.
  package let base: String?
  /// SHA-256 of the weights that it was trained on, where we wrote it.
  package let baseSha256: String?
  /// True where scales are alpha over the root of the rank (rsLoRA).
  package let usesRankStabilization: Bool
  /// The adapted layers, in the model's order.
  package let targets: [LoRATarget]
  /// The weights that stand in the place of the base's (`modules_to_save`), in the model's order.
  package let saved: [ParameterDescription]
  /// Remarks on its files, a line each.
  package let notes: [String]
  private let file: SafetensorsFile

  /// Name of the file of settings.
  static let configName = "adapter_config.json"
  /// Name of the file of tensors.
  static let weightsName = "adapter_model.safetensors"
  /// Key of the tensors' metadata that holds the SHA-256 of the base's weights.
  static let hashKey = "accrete_base_sha256"

  /// True where a folder holds an adapter and no model.
  package static func stands(in folder: URL) -> Bool {
    let files = FileManager.default
    return files.fileExists(atPath: folder.appending(path: configName).path)
      && !files.fileExists(atPath: folder.appending(path: "config.json").path)
  }

  /// - Parameter configuration: of the base, which every tensor is checked against.
  package init(_ url: URL, for configuration: LlamaConfiguration) throws(FileError) {
    self.url = url
    let fields = try Self.fields(of: url)
    let strangers = try PEFTConfigurationKeys.check(fields)
    notes =
      strangers.isEmpty
      ? []
      : ["\(fields.path): \(listed(strangers)) is not known here and not read: check that the model answers as in PEFT"]
    base = try fields.string("base_model_name_or_path")
    usesRankStabilization = try fields.bool("use_rslora") ?? false
    let weights = url.appending(path: Self.weightsName)
    guard FileManager.default.fileExists(atPath: weights.path) else {
      throw FileError(
        .notFound, path: url.path, "the adapter has no \(Self.weightsName)",
        remedy: "save it as safetensors (PEFT's save_pretrained does)")
    }
    file = try SafetensorsFile(weights)
    baseSha256 = file.metadata[Self.hashKey]
    saved = try Self.saved(in: file, of: configuration)
    targets = try Self.targets(
      in: file, of: configuration, fields: fields, usesRankStabilization: usesRankStabilization)
  }

  /// Refuses a base that is not the one that the adapter was trained on, where that was written down.
  package func check(base: any ModelSource) throws(FileError) {
    guard let baseSha256 else { return }
    let found: String
    do {
      found = try base.weightsSha256()
    } catch let error as FileError {
      throw error
    } catch {
      throw FileError(
        .inputOutput, path: base.path, "the weights cannot be read (\(error.systemReason))", remedy: "check the disk")
    }
    guard found != baseSha256 else { return }
    throw .invalid(
      url.path, "the adapter was trained on other weights than \(base.path) (their SHA-256 differs)",
      remedy: "give the base that it was trained on with --model, and this folder with --adapter")
  }

  /// The base that an adapter's folder names, without reading its weights.
  static func baseName(of folder: URL) throws(FileError) -> String? {
    try fields(of: folder).string("base_model_name_or_path")
  }

  /// The numbers of a target.
  package func matrices(of target: LoRATarget) throws(FileError) -> LoRAPair {
    do {
      return LoRAPair(
        a: try finite(target.a), b: try finite(target.b),
        magnitude: target.hasMagnitude ? try finite(target.magnitude) : nil)
    } catch let error as FileError {
      throw error
    } catch {
      throw FileError(
        .inputOutput, path: file.path, "\(target.module) cannot be read (\(error.systemReason))",
        remedy: "check the disk")
    }
  }

  /// The numbers of every target.
  package func matrices() throws(FileError) -> LoRAMatrices {
    var matrices: LoRAMatrices = [:]
    for target in targets { matrices[target.module] = try self.matrices(of: target) }
    return matrices
  }

  /// A weight that stands in the place of the base's.
  package func savedValues(_ name: String) throws -> [Float] { try finite(LoRATarget.prefix + name) }

  /// A tensor's numbers, each of which is finite.
  private func finite(_ name: String) throws -> [Float] {
    try file.withFloats(name) { floats in
      var count = NonFiniteCount()
      count.add(floats)
      try count.check(name, path: file.path)
      return Array(floats)
    }
  }

  /// The path of the file that holds the adapter's tensors.
  var weightsPath: String { file.path }

  /// Some of its rows.
  func withSavedRows<R>(
    _ rows: Range<Int>, of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) throws -> R {
    try file.withFloats(LoRATarget.prefix + name, rows: rows, body)
  }

  // MARK: - Reading

  private static func fields(of folder: URL) throws(FileError) -> ConfigurationFields {
    let path = folder.appending(path: configName).path
    let fields = ConfigurationFields(path: path, object: try JSONParser.object(path: path))
    let type = try fields.string("peft_type") ?? "LORA"
    guard type == "LORA" else {
      throw fields.unsupported("peft_type", "is \(type)", remedy: "give a LoRA adapter, or merge this one with PEFT")
    }
    _ = try PEFTConfigurationKeys.check(fields)
    return fields
  }

  private static func targets(
    in file: SafetensorsFile, of configuration: LlamaConfiguration, fields: ConfigurationFields,
    usesRankStabilization: Bool
  ) throws(FileError) -> [LoRATarget] {
    let alpha = try fields.number("lora_alpha") ?? 8
    let alphas = try fields.patternValues("alpha_pattern")
    let ranks = try fields.patternValues("rank_pattern")
    let commonRank = try fields.number("r")
    let hasMagnitudes = try fields.bool("use_dora") ?? false
    var rest = Set(file.entries.map(\.name))
    rest.subtract(configuration.savableWeights.flatMap(configuration.modules).map(LoRATarget.key))
    var targets: [LoRATarget] = []
    for module in configuration.linearModules {
      let names = ["A", "B"].map { LoRATarget.prefix + module.name + ".lora_\($0).weight" }
      guard let a = file.entry(names[0]), let b = file.entry(names[1]) else { continue }
      rest.subtract(names)
      let rank = a.shape.first ?? 0
      guard rank > 0, a.shape == [rank, module.inFeatures], b.shape == [module.outFeatures, rank] else {
        throw .invalid(
          file.path,
          "lora_A \(a.shape) and lora_B \(b.shape) do not suit \(module.name), which is "
            + "\(module.outFeatures) by \(module.inFeatures)", remedy: "give the adapter of this base")
      }
      for entry in [a, b] { _ = try file.storage(of: entry) }
      // The scale is alpha over the rank: a configuration of another rank is another adapter's.
      if let stated = ranks[module.name] ?? commonRank, stated != Double(rank) {
        throw .invalid(
          file.path, "\(module.name) has rank \(rank), but r or rank_pattern of \(configName) makes it \(stated)",
          remedy: "give the configuration that belongs to these tensors")
      }
      if hasMagnitudes {
        let name = LoRATarget.prefix + module.name + ".lora_magnitude_vector"
        guard let magnitude = file.entry(name), magnitude.shape == [module.outFeatures] else {
          throw .invalid(
            file.path, "use_dora is true, and \(module.name) has no lora_magnitude_vector of \(module.outFeatures)",
            remedy: "save the adapter again, or set use_dora to false")
        }
        _ = try file.storage(of: magnitude)
        rest.remove(name)
      }
      targets.append(
        LoRATarget(
          module: module.name, inFeatures: module.inFeatures, outFeatures: module.outFeatures, parts: module.parts,
          rank: rank,
          alpha: alphas[module.name] ?? alpha,
          usesRankStabilization: usesRankStabilization, hasMagnitude: hasMagnitudes))
    }
    if let stranger = rest.min() {
      throw .unsupported(
        file.path, "tensor \"\(stranger)\" adapts no linear layer of this base",
        remedy: "give the adapter of this base, or merge it with PEFT's merge_and_unload")
    }
    guard !targets.isEmpty else {
      throw .invalid(file.path, "the adapter holds no tensor", remedy: "save it again")
    }
    return targets
  }

  private static func saved(
    in file: SafetensorsFile, of configuration: LlamaConfiguration
  ) throws(FileError) -> [ParameterDescription] {
    var saved: [ParameterDescription] = []
    for weight in configuration.savableWeights {
      let keys = configuration.modules(of: weight).map(LoRATarget.key)
      let entries = keys.compactMap(file.entry)
      guard let entry = entries.first else { continue }
      guard entry.shape == weight.shape else {
        throw .invalid(
          file.path, "\(weight.name) is \(entry.shape) here and \(weight.shape) in the base",
          remedy: "give the adapter of this base")
      }
      // The base ties embedding and lm_head; PEFT saves both. Refuse unless both are present and equal.
      guard entries.count == keys.count, entries.dropFirst().allSatisfy({ file.isSame($0, entry) }) else {
        throw .unsupported(
          file.path, "it trains the embedding apart from the output projection, which are one matrix in the base",
          remedy: "train it with ensure_weight_tying, or merge it with PEFT's merge_and_unload")
      }
      _ = try file.storage(of: entry)
      saved.append(weight)
    }
    return saved
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
