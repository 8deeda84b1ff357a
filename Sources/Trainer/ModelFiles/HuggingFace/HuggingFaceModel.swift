import Foundation

/// A Hugging Face folder: config.json and safetensors, in one file or in shards.
final class HuggingFaceModel: ModelSource {
  let configuration: LlamaConfiguration
  let url: URL
  let tokenizerFiles: TokenizerFiles
  let fileNotes: [String]
  private let files: [SafetensorsFile]
  private let fileOfTensor: [String: Int]

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
    let (configuration, configurations) = try FolderConfigurations.read(url)
    self.configuration = configuration
    tokenizerFiles = tokenizer ?? (TokenizerFiles.stand(in: url) ? .folder(url, configurations) : .none)
    (files, fileNotes) = try HuggingFaceWeights.open(url)
    var fileOfTensor: [String: Int] = [:]
    var shapes: [String: [Int]] = [:]
    for (index, file) in files.enumerated() {
      for entry in file.entries {
        if let other = fileOfTensor.updateValue(index, forKey: entry.name) {
          throw .invalid(file.path, "tensor \"\(entry.name)\" stands in \(files[other].path) too")
        }
        shapes[entry.name] = entry.shape
      }
    }
    self.fileOfTensor = fileOfTensor
    try TensorInventory.check(shapes, against: configuration, path: url.path)
    for parameter in configuration.parameters {
      guard let index = fileOfTensor[parameter.name], let entry = files[index].entry(parameter.name) else { continue }
      _ = try files[index].storage(of: entry)
    }
  }

  var format: String { files.count == 1 ? "safetensors" : "safetensors in \(files.count) files" }

  func stored(_ name: String) -> StoredTensor? {
    guard let index = fileOfTensor[name], let entry = files[index].entry(name) else { return nil }
    return StoredTensor(type: entry.elementType, byteCount: entry.byteRange.count)
  }

  func file(of name: String) -> String { fileOfTensor[name].map { files[$0].path } ?? path }

  func withRows<R>(
    _ rows: Range<Int>, of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) throws -> R {
    guard let index = fileOfTensor[name] else {
      throw FileError.invalid(url.path, "tensor \"\(name)\" is missing", remedy: "ask for a tensor of the model")
    }
    return try files[index].withFloats(name, rows: rows, body)
  }
}
