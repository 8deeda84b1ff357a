import Foundation

/// Opens a pretrained model, whatever its format, and checks all of its tensors against its configuration.
///
/// - Parameters:
///   - url: a Hugging Face folder, a `.gguf` file (of a model in parts the first) or a folder with one, a llama2.c `.bin`,
///     or a PEFT adapter's folder, which is merged into the base that it names.
///   - tokenizer: where the tokenizer is, if not with the model: a folder, a file in one, a `.gguf`, or a llama2.c
///     tokenizer.bin.
///   - adapter: a PEFT adapter's folder to merge into the model.
package func openModel(
  at url: URL, tokenizer: URL? = nil, adapter: URL? = nil
) throws(FileError) -> any ModelSource {
  var source: TokenizerFiles?
  if let tokenizer { source = try TokenizerFiles(tokenizer) }
  if let adapter { return try AdaptedModel(adapter, base: url, tokenizer: source) }
  if try folderStands(at: url) {
    if PEFTAdapter.stands(in: url) { return try AdaptedModel(url, base: nil, tokenizer: source) }
    if let file = try GGUFParts.only(in: url) { return try GGUFModel(file, tokenizer: source) }
    return try HuggingFaceModel(url, tokenizer: source)
  }
  if try GGUFFile.stands(at: url) { return try GGUFModel(url, tokenizer: source) }
  switch url.pathExtension.lowercased() {
  case "bin" where url.lastPathComponent.hasPrefix("pytorch_model"), "pth", "pt":
    throw HuggingFaceWeights.refusal(of: url.lastPathComponent, path: url.path)
  case "bin":
    return try Llama2cModel(url, tokenizer: source ?? .none)
  case "safetensors":
    throw .unsupported(
      url.path, "a safetensors file alone lacks the configuration", remedy: "give the folder that holds config.json")
  default:
    throw .unsupported(
      url.path, "the format is known neither by its ending nor by its first bytes",
      remedy: "give a Hugging Face folder, a .gguf file or a llama2.c .bin")
  }
}

extension TokenizerFiles {
  private static let fileNames = ["tokenizer.json", "tokenizer.model", "vocab.json"]

  /// The tokenizer at `url`.
  package init(_ url: URL) throws(FileError) {
    if try folderStands(at: url) {
      if !Self.stand(in: url), let file = try GGUFParts.only(in: url) {
        self = .gguf(try GGUFModel.vocabulary(file))
      } else {
        self = .folder(url)
      }
    } else if try GGUFFile.stands(at: url) {
      self = .gguf(try GGUFModel.vocabulary(url))
    } else if url.pathExtension.lowercased() == "bin" {
      self = .llama2c(url)
    } else if Self.fileNames.contains(url.lastPathComponent) {
      self = .folder(url.deletingLastPathComponent())
    } else {
      throw .unsupported(
        url.path, "this is no tokenizer that can be read",
        remedy: "give a folder with tokenizer.json or tokenizer.model, a .gguf file, or llama2.c's tokenizer.bin")
    }
  }

  /// True where the folder at `url` holds a tokenizer and no model.
  static func standAlone(in url: URL) throws(FileError) -> Bool {
    guard stand(in: url), !FileManager.default.fileExists(atPath: url.appending(path: "config.json").path) else {
      return false
    }
    if PEFTAdapter.stands(in: url) { return false }
    return try GGUFParts.only(in: url) == nil
  }

  /// True where the folder at `url` holds a tokenizer.
  static func stand(in url: URL) -> Bool {
    fileNames.contains { FileManager.default.fileExists(atPath: url.appending(path: $0).path) }
  }
}

/// True where a folder stands at `url`; throws where nothing does.
private func folderStands(at url: URL) throws(FileError) -> Bool {
  var isDirectory: ObjCBool = false
  guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else {
    throw FileError(.notFound, path: url.path, "nothing is there", remedy: HubCache.remedy(where: url))
  }
  return isDirectory.boolValue
}
