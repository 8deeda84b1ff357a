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
  /// The weights that stand in the place of the base's (`modules_to_save`, `bias`), in the model's order.
  package let saved: [ParameterDescription]
  /// The rows of tokens that stand in the place of the base's (`trainable_token_indices`).
  package let tokenRows: [TokenRows]
  /// Remarks on its files, a line each.
  package let notes: [String]
  private let tensors: AdapterTensors
  private let contents: AdapterContents
  private var file: SafetensorsFile { tensors.file }

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
    base = try fields.string("base_model_name_or_path")
    usesRankStabilization = try fields.bool("use_rslora") ?? false
    let weights = url.appending(path: Self.weightsName)
    guard FileManager.default.fileExists(atPath: weights.path) else {
      throw FileError(
        .notFound, path: url.path, "the adapter has no \(Self.weightsName)",
        remedy: "save it as safetensors (PEFT's save_pretrained does)")
    }
    tensors = try AdapterTensors(try SafetensorsFile(weights))
    baseSha256 = tensors.file.metadata[Self.hashKey]
    contents = try AdapterContents(tensors, of: configuration, fields: fields)
    saved = contents.saved.map(\.parameter)
    targets = contents.targets
    tokenRows = contents.tokenRows
    notes =
      (strangers.isEmpty
        ? []
        : [
          "\(fields.path): \(listed(strangers)) is not known here and not read: check that the model answers as in PEFT"
        ])
      + [tensors.note].compactMap { $0 }
  }

  /// Refuses a base that is not the one that the adapter was trained on, where that was written down, or where weights of
  /// that base stand beside the adapter.
  package func check(base: any ModelSource) throws(FileError) {
    for (parameter, key) in contents.copies where try !isCopy(key, of: parameter, in: base) {
      throw .unsupported(
        file.path, "tensor \"\(tensors.name(key))\" is another weight than \(parameter.name) of \(base.path)",
        remedy: "give the base that the adapter was trained on, or merge it with PEFT's merge_and_unload")
    }
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

  /// True where a tensor holds a base's weight, or what the tensor's type keeps of it.
  private func isCopy(
    _ key: String, of parameter: ParameterDescription, in base: any ModelSource
  ) throws(FileError) -> Bool {
    guard let entry = tensors.entry(key), entry.shape == parameter.shape,
      base.configuration.parameters.contains(parameter)
    else { return false }
    let storage = try file.storage(of: entry)
    let columns = parameter.shape.dropFirst().reduce(1, *)
    var isSame = true
    do {
      try base.forEachPiece(of: parameter) { floats, offset in
        let rows = offset / columns..<(offset + floats.count) / columns
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: floats.count * storage.byteCount, alignment: 16)
        defer { bytes.deallocate() }
        guard isSame, storage.narrow(floats, into: bytes) == nil else { return isSame = false }
        isSame = try file.withFloats(entry.name, rows: rows) { own in
          try storage.withWidened(UnsafeRawBufferPointer(bytes)) { $0.elementsEqual(own) }
        }
      }
    } catch let error as FileError {
      throw error
    } catch {
      throw FileError(
        .inputOutput, path: base.path, "\(parameter.name) cannot be read (\(error.systemReason))",
        remedy: "check the disk")
    }
    return isSame
  }

  /// The base that an adapter's folder names, without reading its weights.
  static func baseName(of folder: URL) throws(FileError) -> String? {
    try fields(of: folder).string("base_model_name_or_path")
  }

  /// A base's configuration with rows for the tokens that the adapter in a folder brings beyond it.
  static func configuration(
    of folder: URL, on base: LlamaConfiguration
  ) throws(FileError) -> LlamaConfiguration { try base.grown(by: fields(of: folder)) }

  /// The numbers of a target.
  package func matrices(of target: LoRATarget) throws(FileError) -> LoRAPair {
    do {
      return LoRAPair(
        a: target.loaded(try finite(target.a), rows: target.rank),
        b: target.loaded(try finite(target.b), rows: target.outFeatures),
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
  package func savedValues(_ name: String) throws -> [Float] { try finite(savedKey(name)) }

  /// The numbers of rows of tokens, [n, C].
  package func values(of rows: TokenRows) throws -> [Float] { try finite(rows.parameter.name) }

  /// The key of a weight that stands in the place of the base's.
  private func savedKey(_ name: String) -> String {
    guard let stored = contents.saved.first(where: { $0.parameter.name == name }) else {
      preconditionFailure("\(name) is not saved")
    }
    return stored.key
  }

  /// The numbers of a key's tensor, each of which is finite.
  private func finite(_ key: String) throws -> [Float] {
    let name = tensors.name(key)
    return try file.withFloats(name) { floats in
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
    try file.withFloats(tensors.name(savedKey(name)), rows: rows, body)
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
}
