import ArgumentParser
import Foundation
import GPUTensor
import Trainer

/// `--model`, `--adapter` and `--tokenizer`.
struct ModelOptions: ParsableArguments {
  @Option(
    help:
      "A Hugging Face folder, a .gguf file, a llama2.c .bin, a PEFT adapter that names its base, or ORG/NAME of the hub."
  )
  var model: String

  @Option(help: "The folder of a PEFT adapter to merge into the model.")
  var adapter: String?

  @Option(help: "Where the tokenizer is, if not with the model: a folder, a file, or llama2.c's tokenizer.bin.")
  var tokenizer: String?

  /// Opens the model's files and prints their remarks on stderr; nothing is sent to a device.
  func open() throws -> any ModelSource { try Self.open(model, tokenizer: tokenizer, adapter: adapter) }

  /// Opens a model's files, and prints remarks about them on stderr.
  static func open(_ model: String, tokenizer: String? = nil, adapter: String? = nil) throws -> any ModelSource {
    let cache = HubCache()
    let source = try openModel(
      at: try cache.model(model), tokenizer: try tokenizer.map { try cache.model($0) },
      adapter: try adapter.map { try cache.model($0) })
    source.notes.forEach(Console.note)
    return source
  }

  /// Opens the tokenizer alone; the folder need not hold a model.
  func openTokenizer() throws -> any Tokenizer {
    let url = try HubCache().model(tokenizer ?? model)
    if tokenizer == nil, try Self.holdsModel(url) {
      if let found = try loadTokenizer(of: try open()) { return found }
    }
    return try loadTokenizer(at: url)
  }

  private static func holdsModel(_ url: URL) throws -> Bool {
    var isFolder = ObjCBool(false)
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { return false }
    guard isFolder.boolValue else { return try GGUFFile.stands(at: url) }
    return FileManager.default.fileExists(atPath: url.appending(path: "config.json").path)
  }
}

/// Reads and checks the token ids and texts that commands take.
enum TokenInput {
  /// Parses ids from `1,2,3`; throws where one is outside the model's vocabulary.
  static func ids(_ text: String, vocabularySize: Int) throws -> [Int32] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let id = Int32(part.trimmingCharacters(in: .whitespaces)), (0..<Int32(vocabularySize)).contains(id) else {
        throw Failure.BadInput(
          description: "--ids: \"\(part)\" is no token id; give numbers from 0 to \(vocabularySize - 1), with commas")
      }
      return id
    }
  }

  /// The tokenizer; throws, with advice, where there is none.
  static func require(_ tokenizer: (any Tokenizer)?, option: String) throws -> any Tokenizer {
    guard let tokenizer else {
      throw Failure.BadInput(
        description: "\(option): the model has no tokenizer; give --tokenizer, or token ids with --ids")
    }
    return tokenizer
  }

  /// The tokenizer's chat template; throws, with advice, where there is none.
  static func template(of tokenizer: any Tokenizer, option: String) throws -> ChatTemplate {
    guard let template = tokenizer.chatTemplate else {
      throw Failure.BadInput(
        description: "\(option): the model has no chat template; give raw text with `accrete generate --prompt`")
    }
    return try ChatTemplate(template)
  }

  /// Throws where an id is outside the model's vocabulary (another model's tokenizer) or the ids exceed `limit` tokens.
  static func check(_ ids: [Int32], _ configuration: LlamaConfiguration, limit: Int) throws {
    if let wrong = ids.first(where: { $0 < 0 || $0 >= Int32(configuration.vocabSize) }) {
      throw Failure.BadInput(
        description: "the tokenizer gives id \(wrong), the model has \(configuration.vocabSize) tokens; "
          + "give the model's own tokenizer")
    }
    if ids.count > limit {
      throw Failure.BadInput(
        description: "\(ids.count) tokens are more than the model's \(limit) positions; shorten the input")
    }
  }
}
