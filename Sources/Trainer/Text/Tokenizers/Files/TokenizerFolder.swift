import Foundation

/// The tokenizer of a model's folder: `tokenizer.json`, else a SentencePiece or tiktoken `tokenizer.model`, each with
/// the files beside it, else `vocab.json` and `merges.txt`, else a llama2.c `tokenizer.bin` (or another `tok*.bin`).
///
/// - Parameter configurations: the folder's own, where they have been read; nil: they are read here.
/// - Throws: `TokenizerError`, where there is none, it is broken, or it asks for what is not offered.
package func loadTokenizer(
  folder: URL, configurations: FolderConfigurations? = nil
) throws(TokenizerError) -> SubwordTokenizer {
  if TokenizerFolder.exists(folder.appending(path: "tokenizer.json")) {
    return try TokenizerFolder(folder, configurations: configurations).tokenizer()
  }
  let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
  if !names.contains("tokenizer.model"), MergedVocabulary.exists(in: folder) {
    return try MergedVocabulary(folder, configurations: configurations).tokenizer()
  }
  let other =
    ["tokenizer.model", "tokenizer.bin"].first(where: names.contains)
    ?? names.first { $0.hasPrefix("tok") && $0.hasSuffix(".bin") }
  guard let other else {
    throw .notFound(
      path: folder.path,
      remedy:
        "put the model's tokenizer.json, tokenizer.model, vocab.json with merges.txt, or tokenizer.bin into this folder"
    )
  }
  return try loadTokenizer(at: folder.appending(path: other), configurations: configurations)
}

/// The tokenizer at a path: a folder, a `tokenizer.json`, a `tokenizer.model` or a llama2.c `.bin`.
/// - Throws: `TokenizerError`, where there is none, it is broken, or it asks for what is not offered.
package func loadTokenizer(at url: URL) throws(TokenizerError) -> SubwordTokenizer {
  try loadTokenizer(at: url, configurations: nil)
}

private func loadTokenizer(
  at url: URL, configurations: FolderConfigurations?
) throws(TokenizerError) -> SubwordTokenizer {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
    throw .notFound(path: url.path, remedy: "give a folder, a tokenizer.json, a tokenizer.model or a llama2.c .bin")
  }
  if isFolder.boolValue { return try loadTokenizer(folder: url) }
  switch url.pathExtension {
  case "bin": return try loadTokenizer(llama2c: url)
  case "model":
    let bytes = Array(try FileBytes.contents(of: url))
    let isRanked = RankedVocabulary.isLikely(bytes)
    var description =
      try isRanked
      ? RankedVocabulary.description(bytes, path: url.path)
      : SentencePieceVocabulary.description(bytes, path: url.path)
    try description.apply(try TokenizerSettings(url.deletingLastPathComponent(), configurations: configurations))
    return try loadTokenizer(description: description)
  case "json": return try TokenizerFolder(url.deletingLastPathComponent(), named: url.lastPathComponent).tokenizer()
  default:
    throw .unsupported(
      path: url.path, place: "its name", feature: "a file of the kind .\(url.pathExtension)",
      remedy: "give a folder, a tokenizer.json, a tokenizer.model or a llama2.c .bin")
  }
}

/// The files of a Hugging Face folder that say how texts become ids.
package struct TokenizerFolder {
  private let folder: URL
  private let file: TokenizerFile
  private let files: [TokenizerOrigin.File]
  private let settings: TokenizerSettings

  /// Reads the files of a folder.
  ///
  /// - Parameters:
  ///   - named: the file that holds the vocabulary.
  ///   - configurations: the folder's own, where they have been read; nil: they are read here.
  package init(
    _ folder: URL, named name: String = "tokenizer.json", configurations: FolderConfigurations? = nil
  ) throws(TokenizerError) {
    self.folder = folder
    let url = folder.appending(path: name)
    let content = try FileBytes.contents(of: url)
    file = try TokenizerFile(try JSON(tokenizerFile: content, path: url.path), path: url.path)
    var files = [TokenizerOrigin.File(name: "tokenizer.json", content: content)]
    for name in TokenizerOrigin.fileNames.dropFirst() where Self.exists(folder.appending(path: name)) {
      files.append(.init(name: name, content: try FileBytes.contents(of: folder.appending(path: name))))
    }
    self.files = files
    settings = try TokenizerSettings(folder, configurations: configurations)
  }

  /// The tokenizer that the files describe.
  package func tokenizer() -> SubwordTokenizer {
    let roles = SpecialTokenRoles(file: file, settings: settings)
    return SubwordTokenizer(
      file.model, special: roles.special, chatTemplate: settings.chatTemplate, source: .files(files))
  }

  /// True where something stands at `url`.
  package static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
}
