import Foundation

/// Writes a tokenizer's files into a model's folder, such that transformers loads them with the same ids.
///
/// The files of a Hugging Face folder are written back byte by byte; any other tokenizer gets a `tokenizer.json`, a
/// `tokenizer_config.json` and a `special_tokens_map.json` made for it.
/// - Throws: `TokenizerError.unwritable`, naming the file.
package func writeTokenizer(_ tokenizer: any Tokenizer, to folder: URL) throws(TokenizerError) {
  guard let bytePair = tokenizer as? SubwordTokenizer ?? (tokenizer as? ByteTokenizer)?.bytePair else {
    throw .unsupported(
      path: folder.path, place: "tokenizer", feature: "saving a \(type(of: tokenizer))",
      remedy: "load the tokenizer from a folder, a GGUF file or a llama2.c file")
  }
  do {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  } catch {
    throw .unwritable(path: folder.path, reason: error.systemReason)
  }
  for file in bytePair.files() {
    let url = folder.appending(path: file.name)
    do {
      try AtomicFile.write(file.content, to: url)
    } catch {
      throw .unwritable(path: url.path, reason: error.problem)
    }
  }
}

extension SubwordTokenizer {
  /// SHA-256 of the files that make up this tokenizer.
  package var contentHash: String { FileHash.sha256(of: files().reduce(into: Data()) { $0 += $1.content }) }

  /// The files that make up this tokenizer in a Hugging Face folder.
  func files() -> [TokenizerOrigin.File] {
    switch source {
    case .files(let files):
      // Without this file transformers would take the model's class for the tokenizer's, and rebuild it wrongly.
      if files.contains(where: { $0.name == "tokenizer_config.json" }) { return files }
      return files + [file("tokenizer_config.json", configuration)]
    case .model:
      return [
        file("tokenizer.json", document), file("tokenizer_config.json", configuration),
        file("special_tokens_map.json", .object(JSONObject(roles))),
      ]
    }
  }

  private func file(_ name: String, _ json: JSON) -> TokenizerOrigin.File {
    .init(name: name, content: JSONWriter.data(json, .lines))
  }

  /// The tokens with a role, by Hugging Face's names.
  private var roles: [(String, JSON)] {
    let ids = [
      ("bos_token", special.bos), ("eos_token", special.eos.first), ("pad_token", special.pad),
      ("unk_token", special.unk),
    ]
    return ids.compactMap { name, id in id.map { (name, .string(piece($0))) } }
  }

  private var configuration: JSON {
    var members: [(String, JSON)] = [
      ("add_bos_token", .bool(special.addsBOS)), ("add_eos_token", .bool(special.addsEOS)),
    ]
    members += roles
    // A template that has a file of its own stands there alone.
    if case .model = source, let chatTemplate { members.append(("chat_template", .string(chatTemplate))) }
    members.append(("clean_up_tokenization_spaces", false))
    members.append(("tokenizer_class", "PreTrainedTokenizerFast"))
    return .object(JSONObject(members))
  }
}
