import Foundation

/// A Hugging Face folder: config.json and safetensors, in one file or in shards.
final class HuggingFaceModel: ModelSource {
  let configuration: LlamaConfiguration
  let url: URL
  let tokenizerFiles: TokenizerFiles
  let fileNotes: [String]
  private let files: [SafetensorsFile]
  /// The file of each weight, and its name there, by key.
  private let places: [String: (file: Int, name: String)]

  /// Opens the folder at `url`.
  ///
  /// - Parameter tokenizer: the tokenizer's place; nil: in the folder, where it holds one.
  init(_ url: URL, tokenizer: TokenizerFiles?) throws(FileError) {
    self.url = url
    let configPath = url.appending(path: FolderConfigurations.modelName)
    guard FileManager.default.fileExists(atPath: configPath.path) else {
      // Meta's own folders have params.json in its place.
      throw HuggingFaceWeights.pickled(url)
        ?? FileError(
          .notFound, path: url.path, "the folder has no config.json",
          remedy: "give a folder with config.json and model.safetensors")
    }
    var (configuration, configurations) = try FolderConfigurations.read(url)
    tokenizerFiles = tokenizer ?? (TokenizerFiles.stand(in: url) ? .folder(url, configurations) : .none)
    let (files, notes) = try HuggingFaceWeights.open(url)
    let names = files.flatMap { $0.entries.map(\.name) }
    let keys = WrappedNames.keys(names, of: configuration)
    let remark =
      "\(url.path): names such as \"\(names.min() ?? "")\" are not the model's own; each is read as what it stands for"
    var places: [String: (file: Int, name: String)] = [:]
    var shapes: [String: [Int]] = [:]
    for (index, file) in files.enumerated() {
      for entry in file.entries {
        let key = keys?[entry.name] ?? entry.name
        if let other = places.updateValue((index, entry.name), forKey: key) {
          throw .invalid(file.path, "tensor \"\(entry.name)\" stands in \(files[other.file].path) too")
        }
        shapes[key] = entry.shape
      }
    }
    (self.files, self.places) = (files, places)
    // transformers keeps a head of its own too, whatever the configuration says.
    let holdsHead = configuration.tieWordEmbeddings && Self.holdsHeadOfItsOwn(files, places)
    if holdsHead { configuration.tieWordEmbeddings = false }
    self.configuration = configuration
    fileNotes =
      notes + (keys == nil ? [] : [remark])
      + (holdsHead
        ? ["\(url.path): lm_head.weight is not the embedding, and is read, although tie_word_embeddings is true"] : [])
    try TensorInventory.check(shapes, against: configuration, path: url.path) { places[$0]?.name ?? $0 }
    for parameter in configuration.parameters {
      guard let place = places[parameter.name], let entry = files[place.file].entry(place.name) else { continue }
      _ = try files[place.file].storage(of: entry)
    }
  }

  /// True where the files hold an output projection that is not the embedding's copy.
  private static func holdsHeadOfItsOwn(
    _ files: [SafetensorsFile], _ places: [String: (file: Int, name: String)]
  ) -> Bool {
    guard let head = places[LlamaParameterName.output], let table = places[LlamaParameterName.embedding],
      let headEntry = files[head.file].entry(head.name), let tableEntry = files[table.file].entry(table.name)
    else { return false }
    return !files[head.file].isSame(headEntry, tableEntry, of: files[table.file])
  }

  var format: String { files.count == 1 ? "safetensors" : "safetensors in \(files.count) files" }

  func stored(_ name: String) -> StoredTensor? {
    guard let place = places[name], let entry = files[place.file].entry(place.name) else { return nil }
    return StoredTensor(type: entry.elementType, byteCount: entry.byteRange.count)
  }

  func file(of name: String) -> String { places[name].map { files[$0.file].path } ?? path }

  func withRows<R>(
    _ rows: Range<Int>, of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) throws -> R {
    guard let place = places[name] else {
      throw FileError.invalid(url.path, "tensor \"\(name)\" is missing", remedy: "ask for a tensor of the model")
    }
    return try files[place.file].withFloats(place.name, rows: rows, body)
  }
}
